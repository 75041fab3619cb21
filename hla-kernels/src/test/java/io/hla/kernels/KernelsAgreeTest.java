package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Options;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel computes what the recurrence computes. */
class KernelsAgreeTest {
  /**
   * None, one; then around a batch of Java's kernel (16), of the native ones (32 and 64), and past
   * several of all.
   */
  private static final int[] LENGTHS = {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 131};

  /** Below, at and above the rows of a tile and the lanes of a vector; several vectors. */
  private static final int[][] SIZES = {{1, 1}, {3, 17}, {16, 16}, {17, 3}, {40, 40}, {1, 40}};

  private static final int LONGEST = LENGTHS[LENGTHS.length - 1];

  private static final Map<AttentionSettings, Expected> EXPECTED = new ConcurrentHashMap<>();

  /** What the recurrence makes of tokens, and of their absolute values. */
  private record Expected(Stretch tokens, double[] outputs, State behind, State absolute) {
    static Expected of(AttentionSettings settings, long seed) {
      Stretch tokens = Stretch.normal(settings, LONGEST, seed);
      State zero = State.initial(settings);
      return new Expected(
          tokens,
          tokens.outputs(Kernels.recurrent(), zero),
          tokens.stateBehind(Kernels.recurrent(), zero),
          tokens.absolute().stateBehind(Kernels.recurrent(), zero));
    }
  }

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Variant variant : Variant.all()) {
      for (Options options : Options.of(variant)) {
        TestKernels.sweeping().forEach(kernel -> cases.add(Arguments.of(kernel, variant, options)));
      }
    }
    return cases.stream();
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("cases")
  void outputsAndStatesMatchTheRecurrence(TestKernels kernel, Variant variant, Options options) {
    for (int[] size : SIZES) {
      long seed = 100L * size[0] + size[1];
      AttentionSettings.Builder builder = options.set().apply(variant.settings(size[0], size[1]));
      AttentionSettings exact = builder.precision(Precision.FLOAT64).build();
      Expected expected = EXPECTED.computeIfAbsent(exact, key -> Expected.of(key, seed));
      for (Precision precision : Precision.values()) {
        AttentionSettings settings = builder.precision(precision).build();
        String what = settings.describe() + ", seed " + seed;
        double allowed = Errors.allowed(settings, LONGEST);
        for (int length : LENGTHS) {
          double[] actual =
              expected
                  .tokens
                  .slice(settings, 0, length)
                  .outputs(kernel.get(), State.initial(settings));
          assertThat(Errors.largest(settings, expected.outputs, actual))
              .as("%d tokens of %s", length, what)
              .isLessThan(allowed);
        }
        State actual = expected.tokens.stateBehind(kernel.get(), State.initial(settings));
        assertThat(Errors.largest(expected.behind, actual, expected.absolute))
            .as("state of %s", what)
            .isLessThan(allowed);
      }
    }
  }
}
