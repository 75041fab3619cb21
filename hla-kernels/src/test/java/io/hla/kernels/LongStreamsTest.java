package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.algebra.Variant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Mixed precision keeps its promise of 1e-5 of the largest output however long the stream is. */
class LongStreamsTest {
  private static final int TOKENS = 20_000;
  private static final long SEED = 41;

  private static final Map<AttentionSettings, double[]> EXPECTED = new ConcurrentHashMap<>();

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Variant variant : Variant.all()) {
      TestKernels.sweeping().forEach(kernel -> cases.add(Arguments.of(kernel, variant)));
    }
    return cases.stream();
  }

  static Stream<TestKernels> kernels() {
    return TestKernels.sweeping();
  }

  /** Without decay sums grow with the stream; with it they settle after some hundred tokens. */
  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void mixedPrecisionStaysWithin1e5(TestKernels kernel, Variant variant) {
    AttentionSettings.Builder builder =
        variant.settings(8, 8).heads(2, 1).decay(List.of(1.0, 0.99)).scale(0.25);
    AttentionSettings exact = builder.precision(Precision.FLOAT64).build();
    AttentionSettings mixed = builder.precision(Precision.MIXED).build();
    Stretch tokens = Stretch.normal(exact, TOKENS, SEED);
    double[] expected =
        EXPECTED.computeIfAbsent(
            exact, key -> tokens.outputs(Kernels.recurrent(), State.initial(key)));
    double[] actual = tokens.outputs(kernel.get(), State.initial(mixed));
    assertThat(Errors.largest(exact, expected, actual))
        .as("%s, seed %d", mixed, SEED)
        .isLessThan(1e-5);
  }

  /**
   * Behind 2^30 tokens of ones a float is 128 apart from the next: sums in float would stand still.
   */
  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void sumsOfMixedPrecisionDoNotStandStill(TestKernels kernel) {
    AttentionSettings settings =
        AttentionSettings.builder(3, 3)
            .operator(Operator.LINEAR)
            .precision(Precision.MIXED)
            .build();
    double[] ones = new double[1024 * 3];
    Arrays.fill(ones, 1);
    Stretch tokens = new Stretch(ones, ones, ones);
    Summary summary = tokens.summary(kernel.get(), 0, State.initial(settings));
    for (int doubling = 0; doubling < 20; doubling++) {
      summary = summary.combine(summary);
    }
    State far = State.initial(settings).advance(summary);
    State behind = tokens.stateBehind(kernel.get(), far);
    assertThat(behind.tokens()).isEqualTo((1 << 30) + 1024);
    assertThat(behind.matrix("P", 0)).containsOnly((1 << 30) + 1024);
  }
}
