package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What only native kernels have: arrays that cross to C in parts, and rows taken in place. */
class NativeKernelTest {
  /** Past the tokens that cross at once, past the fold of the mixed precision, no whole block. */
  private static final int TOKENS = 1234;

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    TestKernels.natives()
        .forEach(
            kernel -> {
              for (Precision precision : Precision.values()) {
                // Rows in place, rows packed, and rows so wide that few tokens cross at once.
                cases.add(Arguments.of(kernel, settings(16, 32, 1, 1, precision)));
                cases.add(Arguments.of(kernel, settings(7, 5, 2, 1, precision)));
                cases.add(Arguments.of(kernel, settings(64, 48, 12, 4, precision)));
              }
            });
    return cases.stream();
  }

  private static AttentionSettings settings(
      int headDim, int valueDim, int heads, int kvHeads, Precision precision) {
    return AttentionSettings.builder(headDim, valueDim)
        .heads(heads, kvHeads)
        .decay(0.999)
        .precision(precision)
        .build();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void piecesOfBlocksGiveTheBitsOfTheWhole(TestKernels kernel, AttentionSettings settings) {
    Stretch tokens = Stretch.normal(settings, TOKENS, 3);
    State zero = State.initial(settings);
    double[] whole = tokens.outputs(kernel.get(), zero);
    State behind = tokens.stateBehind(kernel.get(), zero);
    Summary summary = tokens.summary(kernel.get(), 0, zero);

    double[] pieces = new double[whole.length];
    try (Applier applier = kernel.get().applier(zero);
        Summarizer summarizer = kernel.get().summarizer(0, zero)) {
      for (int from = 0, piece = 64; from < TOKENS; from += piece, piece += 64) {
        int count = Math.min(piece, TOKENS - from);
        feed(tokens, settings, applier, pieces, from, count);
        add(tokens, settings, summarizer, from, count);
      }
      assertThat(applier.state().toBytes()).isEqualTo(behind.toBytes());
      assertThat(summarizer.summary().toBytes()).isEqualTo(summary.toBytes());
    }
    assertThat(pieces).isEqualTo(whole);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void longStreamMatchesTheRecurrence(TestKernels kernel, AttentionSettings settings) {
    Stretch tokens = Stretch.normal(settings, TOKENS, 4);
    double[] expected = tokens.outputs(Kernels.recurrent(), State.initial(settings));
    double[] actual = tokens.outputs(kernel.get(), State.initial(settings));
    assertThat(Errors.largest(settings, expected, actual))
        .isLessThan(settings.precision().isDouble() ? 1e-12 : 1e-5);
  }

  // Reads and writes in the middle of the arrays, and must leave the rest of the output alone.
  private static void feed(
      Stretch tokens,
      AttentionSettings settings,
      Applier applier,
      double[] outputs,
      int from,
      int count) {
    int width = settings.outputWidth();
    if (settings.precision().isDouble()) {
      double[] o = new double[outputs.length];
      Arrays.fill(o, Double.NaN);
      applier.apply(tokens.q(), tokens.k(), tokens.v(), o, from, count);
      System.arraycopy(o, from * width, outputs, from * width, count * width);
      assertThat(Arrays.stream(o).filter(Double::isNaN).count())
          .isEqualTo(o.length - (long) count * width);
      return;
    }
    float[] o = new float[outputs.length];
    Arrays.fill(o, Float.NaN);
    applier.apply(
        Stretch.floats(tokens.q()),
        Stretch.floats(tokens.k()),
        Stretch.floats(tokens.v()),
        o,
        from,
        count);
    int written = 0;
    for (int i = 0; i < o.length; i++) {
      if (!Float.isNaN(o[i])) {
        outputs[i] = o[i];
        written++;
      }
    }
    assertThat(written).isEqualTo(count * width);
  }

  private static void add(
      Stretch tokens, AttentionSettings settings, Summarizer summarizer, int from, int count) {
    if (settings.precision().isDouble()) {
      summarizer.add(tokens.q(), tokens.k(), tokens.v(), from, count);
    } else {
      summarizer.add(
          Stretch.floats(tokens.q()),
          Stretch.floats(tokens.k()),
          Stretch.floats(tokens.v()),
          from,
          count);
    }
  }
}
