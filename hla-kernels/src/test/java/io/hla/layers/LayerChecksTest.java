package io.hla.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.kernels.Element;
import io.hla.kernels.Kernels;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Natives trust every length, so nothing that does not fit may reach them. */
class LayerChecksTest {
  private static final Weights WEIGHTS = Weights.of(3, 2, new float[6]);

  private static Activations floats(int capacity, int width) {
    return new Activations(Element.FLOAT, capacity, width);
  }

  private static Activations doubles(int capacity, int width) {
    return new Activations(Element.DOUBLE, capacity, width);
  }

  private static void assertRefused(String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @MethodSource("io.hla.layers.TestLayers#all")
  void productsThatDoNotFitAreRefused(TestLayers kernel) {
    LayerKernel k = kernel.get();
    Activations x = floats(5, 2);
    Activations y = floats(4, 3);
    k.linear(WEIGHTS, x, y, 4);
    k.addLinear(WEIGHTS, x, y, 0);
    assertRefused(
        "5 tokens, expected 0 to 4, the capacity of the outputs", () -> k.linear(WEIGHTS, x, y, 5));
    assertRefused(
        "6 tokens, expected 0 to 5, the capacity of the inputs",
        () -> k.addLinear(WEIGHTS, x, y, 6));
    assertRefused("-1 tokens", () -> k.linear(WEIGHTS, x, y, -1));
    assertRefused("inputs have width 3, expected 2", () -> k.linear(WEIGHTS, floats(4, 3), y, 1));
    assertRefused(
        "outputs have width 2, expected 3", () -> k.addLinear(WEIGHTS, x, floats(4, 2), 1));
    assertRefused(
        "inputs are of DOUBLE, expected FLOAT", () -> k.linear(WEIGHTS, doubles(4, 2), y, 1));
    assertRefused(
        "outputs are of DOUBLE, expected FLOAT", () -> k.linear(WEIGHTS, x, doubles(4, 3), 1));
    Weights square = Weights.of(2, 2, new float[4]);
    assertRefused("the same activations", () -> k.linear(square, x, x, 1));
  }

  @ParameterizedTest
  @MethodSource("io.hla.layers.TestLayers#all")
  void otherCallsThatDoNotFitAreRefused(TestLayers kernel) {
    LayerKernel k = kernel.get();
    Activations x = floats(5, 6);
    Activations y = floats(4, 6);
    k.rmsNorm(new double[3], 0, x, y, 4);
    assertRefused("5 tokens", () -> k.rmsNorm(new double[3], 0, x, y, 5));
    assertRefused("the norm has 4 weights", () -> k.rmsNorm(new double[4], 0, x, y, 1));
    assertRefused("the norm has 0 weights", () -> k.rmsNorm(new double[0], 0, x, y, 1));
    assertRefused("epsilon of the norm is -1", () -> k.rmsNorm(new double[3], -1, x, y, 1));
    assertRefused(
        "epsilon of the norm is NaN", () -> k.rmsNorm(new double[3], Double.NaN, x, y, 1));
    assertRefused("width 3, expected 6", () -> k.rmsNorm(new double[3], 0, x, floats(4, 3), 1));
    assertRefused("of DOUBLE", () -> k.rmsNorm(new double[3], 0, x, doubles(4, 6), 1));

    k.multiplySwish(x, y, 4);
    assertRefused("5 tokens", () -> k.multiplySwish(x, y, 5));
    assertRefused("gates have width 7, expected 6", () -> k.multiplySwish(floats(4, 7), y, 1));
    assertRefused("gates are of DOUBLE", () -> k.multiplySwish(doubles(4, 6), y, 1));
    assertRefused("the same activations", () -> k.multiplySwish(y, y, 1));

    k.logProbability(x, new int[] {0, 5}, new double[2], 2);
    assertRefused("6 tokens", () -> k.logProbability(x, new int[6], new double[6], 6));
    assertRefused(
        "there are 1 ids and room for 2 log probabilities, expected 2 of both",
        () -> k.logProbability(x, new int[1], new double[2], 2));
    assertRefused("room for 1", () -> k.logProbability(x, new int[2], new double[1], 2));
    assertRefused(
        "id of token 1 is 6, expected 0 to 5",
        () -> k.logProbability(x, new int[] {0, 6}, new double[2], 2));
    assertRefused(
        "id of token 0 is -1", () -> k.logProbability(x, new int[] {-1, 6}, new double[2], 2));
  }

  @Test
  void shapesThatAreNoneAreRefused() {
    assertRefused("activations are 0 tokens x 3", () -> floats(0, 3));
    assertRefused("activations are 3 tokens x 0", () -> floats(3, 0));
    assertRefused("at most 2147483639 numbers", () -> floats(1 << 16, 1 << 15));
    assertRefused(
        "weights of 3 outputs x 2 inputs, at least 1 x 1, are 7 numbers",
        () -> Weights.of(3, 2, new double[7]));
    assertRefused("weights of 0 outputs", () -> Weights.of(0, 2, new float[0]));
    assertRefused("weights of 65536 outputs", () -> Weights.of(1 << 16, 1 << 16, new float[0]));
    assertRefused("take 6400000000 numbers", () -> size(1, 400_000_000));
  }

  /** What weights of one output take: a panel is filled up. */
  private static void size(int out, int in) {
    Weights.checkSize(out, in, Element.FLOAT);
  }

  @ParameterizedTest
  @EnumSource(Element.class)
  void weightsSurviveSerializationAndDamagedOnesAreRefused(Element element) throws Exception {
    Random random = new Random(1);
    Weights weights = Samples.weights(element, 19, 5, Samples.numbers(19 * 5, random, 0));
    Weights read = copy(weights);
    assertThat(read.element()).isEqualTo(element);
    Activations x = Samples.activations(element, 3, 5, Samples.numbers(15, random, 0));
    for (TestLayers kernel : TestLayers.all().toList()) {
      Activations expected = new Activations(element, 3, 19);
      Activations actual = new Activations(element, 3, 19);
      kernel.get().linear(weights, x, expected, 3);
      kernel.get().linear(read, x, actual, 3);
      assertThat(Samples.doubles(actual)).isEqualTo(Samples.doubles(expected));
    }
    damage(read, "out", 49);
    Activations wide = new Activations(element, 3, 49);
    TestLayers.all()
        .forEach(kernel -> assertRefused("damaged", () -> kernel.get().linear(read, x, wide, 3)));
  }

  private static Weights copy(Weights weights) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(weights);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (Weights) in.readObject();
    }
  }

  private static void damage(Weights weights, String field, int value) throws Exception {
    Field of = Weights.class.getDeclaredField(field);
    of.setAccessible(true);
    of.setInt(weights, value);
  }

  /** Calls that native kernels take in pieces: of tokens; of panels; and of either set's. */
  @ParameterizedTest
  @EnumSource(Element.class)
  void piecesOfProductsAreTheWhole(Element element) {
    pieces(element, 700, 300, 250);
    pieces(element, 700, 3000, 100);
    pieces(element, 350, 600, 10);
  }

  /** Two tokens are fast enough everywhere; the rest is compared with calls of one token each. */
  private static void pieces(Element element, int out, int in, int tokens) {
    Random random = new Random(2);
    Weights w = Samples.weights(element, out, in, Samples.numbers(out * in, random, 0));
    double[] numbers = Samples.numbers(tokens * in, random, 0);
    Activations x = Samples.activations(element, tokens, in, numbers);
    Activations expected = new Activations(element, tokens, out);
    LayerKernel.of(Kernels.java()).linear(w, x, expected, 2);
    for (TestLayers kernel : TestLayers.all().toList()) {
      int count = kernel.name().contains("avx") ? tokens : Math.min(10, tokens);
      Activations whole = new Activations(element, tokens, out);
      kernel.get().linear(w, x, whole, count);
      assertThat(Arrays.copyOf(Samples.doubles(whole), 2 * out))
          .as("%d to %d by %s", in, out, kernel)
          .isEqualTo(Arrays.copyOf(Samples.doubles(expected), 2 * out));
      Activations one = new Activations(element, 1, out);
      for (int t = 0; t < count; t++) {
        double[] row = Arrays.copyOfRange(numbers, t * in, (t + 1) * in);
        kernel.get().linear(w, Samples.activations(element, 1, in, row), one, 1);
        assertThat(Arrays.copyOfRange(Samples.doubles(whole), t * out, (t + 1) * out))
            .as("token %d, %d to %d by %s", t, in, out, kernel)
            .isEqualTo(Samples.doubles(one));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Element.class)
  void piecesOfTheRestAreTheWhole(Element element) {
    Activations gate =
        Samples.activations(element, 500, 700, Samples.numbers(350_000, new Random(2), 0));
    double[] weight = Samples.numbers(7, new Random(4), 0);
    Activations expected = null;
    double[] expectedProbability = null;
    for (TestLayers kernel : TestLayers.all().toList()) {
      Activations y =
          Samples.activations(element, 500, 700, Samples.numbers(350_000, new Random(3), 0));
      double[] probability = new double[500];
      kernel.get().multiplySwish(gate, y, 500);
      kernel.get().rmsNorm(weight, 1e-5, y, y, 500);
      kernel.get().logProbability(y, new int[500], probability, 500);
      if (expected == null) {
        expected = y;
        expectedProbability = probability;
      }
      assertThat(Samples.doubles(y)).as("%s", kernel).isEqualTo(Samples.doubles(expected));
      assertThat(probability).as("%s", kernel).isEqualTo(expectedProbability);
      assertThat(Arrays.stream(probability).allMatch(p -> p < 0)).isTrue();
    }
  }
}
