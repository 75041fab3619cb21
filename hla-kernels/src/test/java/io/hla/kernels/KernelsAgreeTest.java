package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel computes what the recurrence computes. */
class KernelsAgreeTest {
  /** Blocks of 32 and 64 tokens: none, one token, just short of, exactly, just past, several. */
  private static final int[] LENGTHS = {0, 1, 31, 32, 33, 63, 64, 65, 131};

  /** Below, at and above four rows an axpy and a vector's width; odd, and several vectors. */
  private static final int[][] SIZES = {{1, 1}, {3, 17}, {16, 16}, {17, 3}, {40, 40}, {1, 40}};

  private static final int LONGEST = LENGTHS[LENGTHS.length - 1];

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Variant variant : Variant.all()) {
      for (Options options : Options.of(variant)) {
        TestKernels.all().forEach(kernel -> cases.add(Arguments.of(kernel, variant, options)));
      }
    }
    return cases.stream();
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("cases")
  void outputsAndStatesMatchTheRecurrence(TestKernels kernel, Variant variant, Options options) {
    long seed = 0;
    for (int[] size : SIZES) {
      AttentionSettings.Builder builder = options.set().apply(variant.settings(size[0], size[1]));
      AttentionSettings exact = builder.precision(Precision.FLOAT64).build();
      Stretch tokens = Stretch.normal(exact, LONGEST, ++seed);
      double[] expected = tokens.outputs(Kernels.recurrent(), State.zero(exact));
      State behind = tokens.stateBehind(Kernels.recurrent(), State.zero(exact));
      State absolute = tokens.absolute().stateBehind(Kernels.recurrent(), State.zero(exact));
      for (Precision precision : Precision.values()) {
        AttentionSettings settings = builder.precision(precision).build();
        String what = settings.describe() + ", seed " + seed;
        double allowed = Errors.allowed(settings, LONGEST);
        for (int length : LENGTHS) {
          double[] actual =
              tokens.slice(settings, 0, length).outputs(kernel.get(), State.zero(settings));
          assertThat(Errors.largest(settings, expected, actual))
              .as("%d tokens of %s", length, what)
              .isLessThan(allowed);
        }
        State actual = tokens.stateBehind(kernel.get(), State.zero(settings));
        assertThat(Errors.largest(behind, actual, absolute))
            .as("state of %s", what)
            .isLessThan(allowed);
      }
    }
  }
}
