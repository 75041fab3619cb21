package io.hla.layers;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.kernels.Element;
import java.util.Arrays;
import java.util.Random;
import java.util.function.BiConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every kernel gives what the definition in plain loops gives, and all the same bits, NaN and
 * infinities included. Tokens behind the last one stay as they are.
 */
class LayerKernelTest {
  /** Around the tokens of a tile and of a block of the native kernels; then streams. */
  private static final int[] TOKENS = {1, 2, 3, 5, 6, 7, 12, 13, 97};

  /** Odd ones around the vectors and panels of every set; then one and two parts of a sum, cut. */
  private static final int[] INPUTS = {1, 3, 8, 17, 64, 70, 255, 256, 257, 600};

  private static final int[] OUTPUTS = {1, 7, 8, 9, 16, 33, 70, 131};

  /** What a kernel does to activations that all kernels get the same of. */
  private interface Call extends BiConsumer<LayerKernel, Activations> {}

  /** The result of every kernel, which must be the same; of the tokens alone. */
  private static double[] ofAll(String what, Activations y, Call call) {
    double[] expected = null;
    for (TestLayers kernel : TestLayers.all().toList()) {
      Activations result = Samples.copy(y);
      call.accept(kernel.get(), result);
      double[] actual = Samples.doubles(result);
      if (expected == null) {
        expected = actual;
      }
      assertThat(actual).as("%s by %s", what, kernel).isEqualTo(expected);
    }
    return expected;
  }

  private static double unit(Element element) {
    return element == Element.FLOAT ? 0x1p-24 : 0x1p-53;
  }

  private static double rounded(Element element, double number) {
    return element == Element.FLOAT ? (float) number : number;
  }

  private static double[] rounded(Element element, double[] numbers) {
    return Arrays.stream(numbers).map(x -> rounded(element, x)).toArray();
  }

  /** NaN and infinities are as expected, the rest is near. */
  private static void assertNear(String what, double actual, double expected, double allowed) {
    if (Double.isFinite(expected)) {
      assertThat(Math.abs(actual - expected)).as(what).isLessThanOrEqualTo(allowed);
    } else {
      assertThat(actual).as(what).isEqualTo(Double.valueOf(expected));
    }
  }

  @ParameterizedTest
  @EnumSource(Element.class)
  void productsAreTheDefinition(Element element) {
    Random random = new Random(1);
    for (int in : INPUTS) {
      for (int out : OUTPUTS) {
        int tokens = TOKENS[random.nextInt(TOKENS.length)];
        product(element, out, in, tokens, 0, random);
        product(element, out, in, Math.min(tokens, 13), 200, random);
      }
    }
    for (int tokens : TOKENS) {
      product(element, 40, 300, tokens, 0, random);
    }
  }

  private static void product(
      Element element, int out, int in, int tokens, int special, Random random) {
    String what = String.format("%s, %d tokens, %d to %d", element, tokens, in, out);
    double[] w = Samples.numbers(out * in, random, special * in);
    double[] x = Samples.numbers(tokens * in, random, special);
    double[] y = Samples.numbers(tokens * out, random, 0);
    Weights weights = Samples.weights(element, out, in, w);
    Activations inputs = Samples.activations(element, tokens, in, x);
    Activations outputs = Samples.activations(element, tokens, out, y);
    double[] product = ofAll(what, outputs, (k, to) -> k.linear(weights, inputs, to, tokens));
    double[] added = ofAll(what, outputs, (k, to) -> k.addLinear(weights, inputs, to, tokens));
    x = rounded(element, x);
    w = rounded(element, w);
    for (int t = 0; t < tokens; t++) {
      for (int o = 0; o < out; o++) {
        double sum = 0;
        double size = 0;
        for (int i = 0; i < in; i++) {
          sum += x[t * in + i] * w[o * in + i];
          size += Math.abs(x[t * in + i] * w[o * in + i]);
        }
        int at = t * out + o;
        assertNear(
            what, product[at], rounded(element, sum), 2 * unit(element) * in * size + 1e-300);
        assertThat(added[at])
            .as(what)
            .isEqualTo(Double.valueOf(rounded(element, rounded(element, y[at]) + product[at])));
      }
    }
    assertThat(product).as(what).endsWith(new double[] {Double.NaN, Double.NaN});
  }

  @ParameterizedTest
  @EnumSource(Element.class)
  void tokensOfACallDoNotMatter(Element element) {
    Random random = new Random(2);
    Weights w = Samples.weights(element, 50, 300, Samples.numbers(50 * 300, random, 0));
    Activations x = Samples.activations(element, 100, 300, Samples.numbers(100 * 300, random, 0));
    for (TestLayers kernel : TestLayers.all().toList()) {
      Activations whole = new Activations(element, 100, 50);
      kernel.get().linear(w, x, whole, 100);
      for (int tokens = 1; tokens < 100; tokens++) {
        Activations some = new Activations(element, 100, 50);
        kernel.get().linear(w, x, some, tokens);
        assertThat(Arrays.copyOf(Samples.doubles(some), tokens * 50))
            .as("%d tokens by %s", tokens, kernel)
            .isEqualTo(Arrays.copyOf(Samples.doubles(whole), tokens * 50));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Element.class)
  void normsAreTheDefinition(Element element) {
    Random random = new Random(3);
    for (int size = 1; size <= 70; size++) {
      norm(element, size, 1, 3, 0, random);
      norm(element, size, 3, 2, 50, random);
    }
    norm(element, 1000, 2, 200, 0, random);
  }

  private static void norm(
      Element element, int size, int groups, int tokens, int special, Random random) {
    String what = String.format("%s, %d tokens, %d of %d", element, tokens, groups, size);
    int width = groups * size;
    double[] x = Samples.numbers(tokens * width, random, special);
    double[] weight = Samples.numbers(size, random, 0);
    Activations inputs = Samples.activations(element, tokens, width, x);
    Activations outputs = Samples.activations(element, tokens, width, new double[0]);
    double epsilon = 1e-5;
    double[] norm = ofAll(what, outputs, (k, to) -> k.rmsNorm(weight, epsilon, inputs, to, tokens));
    double[] inPlace = ofAll(what, inputs, (k, to) -> k.rmsNorm(weight, epsilon, to, to, tokens));
    assertThat(inPlace).as(what).isEqualTo(norm);
    x = rounded(element, x);
    for (int from = 0; from < tokens * width; from += size) {
      double sum = 0;
      for (int i = 0; i < size; i++) {
        sum += x[from + i] * x[from + i];
      }
      for (int i = 0; i < size; i++) {
        double expected =
            rounded(element, x[from + i] / Math.sqrt(sum / size + epsilon) * weight[i]);
        double allowed = Math.abs(expected) * (element == Element.FLOAT ? 0x1p-23 : 0x1p-46);
        assertNear(what, norm[from + i], expected, allowed + 1e-300);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Element.class)
  void swishIsTheDefinition(Element element) {
    Random random = new Random(4);
    for (int width = 1; width <= 70; width++) {
      swish(element, width, 3, 30, 1, random);
    }
    swish(element, 1001, 300, 1000, 60, random);
    swish(element, 101, 300, 100, 400, random);
  }

  private static void swish(
      Element element, int width, int tokens, int special, double range, Random random) {
    String what = String.format("%s, %d tokens of %d", element, tokens, width);
    double[] z = Samples.numbers(tokens * width, random, special);
    Arrays.setAll(z, i -> rounded(element, z[i] * range));
    double[] y = rounded(element, Samples.numbers(tokens * width, random, 0));
    Activations gate = Samples.activations(element, tokens, width, z);
    Activations outputs = Samples.activations(element, tokens, width, y);
    double[] actual = ofAll(what, outputs, (k, to) -> k.multiplySwish(gate, to, tokens));
    for (int i = 0; i < tokens * width; i++) {
      double exp = Math.exp(-z[i]);
      double expected = y[i] * (z[i] / (1 + rounded(element, exp)));
      double least = element == Element.FLOAT ? Float.MIN_NORMAL : Double.MIN_NORMAL;
      assertNear(
          what + " at " + z[i] + " times " + y[i],
          actual[i],
          rounded(element, expected),
          8 * unit(element) * (Math.abs(expected) + least));
    }
  }

  @ParameterizedTest
  @EnumSource(Element.class)
  void probabilitiesAreTheDefinition(Element element) {
    Random random = new Random(5);
    for (int width = 1; width <= 70; width++) {
      probability(element, width, 3, 0, 3, random);
      probability(element, width, 3, 100, 3, random);
    }
    probability(element, 5000, 70, 0, 10, random);
    probability(element, 300_000, 2, 0, 1000, random);
  }

  private static void probability(
      Element element, int width, int tokens, int special, double range, Random random) {
    String what = String.format("%s, %d tokens of %d", element, tokens, width);
    double[] logits = Samples.numbers(tokens * width, random, special);
    Arrays.setAll(logits, i -> rounded(element, logits[i] * range));
    Activations inputs = Samples.activations(element, tokens, width, logits);
    int[] ids = random.ints(tokens, 0, width).toArray();
    Activations outputs = new Activations(Element.DOUBLE, tokens, 1);
    double[] actual =
        ofAll(what, outputs, (k, to) -> k.logProbability(inputs, ids, to.doubles(), tokens));
    for (int t = 0; t < tokens; t++) {
      double most = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < width; i++) {
        most = Math.max(most, logits[t * width + i]);
      }
      double sum = 0;
      for (int i = 0; i < width; i++) {
        sum += Math.exp(logits[t * width + i] - most);
      }
      double expected = logits[t * width + ids[t]] - most - Math.log(sum);
      assertNear(what, actual[t], expected, 1e-13 + 1e-15 * Math.abs(expected));
    }
  }
}
