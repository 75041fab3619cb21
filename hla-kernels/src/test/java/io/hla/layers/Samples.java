package io.hla.layers;

import io.hla.kernels.Element;
import java.util.Arrays;
import java.util.Random;

/** Numbers for tests, and arrays of either element seen as doubles. */
final class Samples {
  private Samples() {}

  /**
   * Numbers around 1, with some zeros, and every {@code special}-th not finite unless that is 0.
   */
  static double[] numbers(int count, Random random, int special) {
    double[] rare = {
      Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e30, -1e-40, -0.0
    };
    double[] numbers = new double[count];
    for (int i = 0; i < count; i++) {
      boolean isRare = special > 0 && random.nextInt(special) == 0;
      numbers[i] =
          isRare
              ? rare[random.nextInt(rare.length)]
              : random.nextInt(20) == 0 ? 0 : random.nextGaussian();
    }
    return numbers;
  }

  static float[] floats(double[] numbers) {
    float[] floats = new float[numbers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) numbers[i];
    }
    return floats;
  }

  static Weights weights(Element element, int out, int in, double[] rowMajor) {
    return element == Element.FLOAT
        ? Weights.of(out, in, floats(rowMajor))
        : Weights.of(out, in, rowMajor);
  }

  /** Activations with more room than tokens; what is behind them is NaN. */
  static Activations activations(Element element, int tokens, int width, double[] numbers) {
    Activations activations = new Activations(element, tokens + 2, width);
    for (int i = 0; i < (tokens + 2) * width; i++) {
      activations.set(i, i < numbers.length ? numbers[i] : Double.NaN);
    }
    return activations;
  }

  static Activations copy(Activations from) {
    Activations copy = new Activations(from.element(), from.capacity(), from.width());
    int length = from.capacity() * from.width();
    if (from.element() == Element.FLOAT) {
      System.arraycopy(from.floats(), 0, copy.floats(), 0, length);
    } else {
      System.arraycopy(from.doubles(), 0, copy.doubles(), 0, length);
    }
    return copy;
  }

  /** Every number as a double; bits of floats stay different where they were. */
  static double[] doubles(Activations activations) {
    double[] numbers = new double[activations.capacity() * activations.width()];
    Arrays.setAll(numbers, activations::get);
    return numbers;
  }
}
