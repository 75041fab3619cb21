package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Kernels keep to the bounds of a recomputation, and what is a little more than rounding does not.
 */
class RecomputationTest {
  private static final int TOKENS = 700;
  private static final int CUT = 333;

  /** Every operator, form and option that changes a program. */
  private enum Case {
    LINEAR(AttentionSettings.builder(4, 3).operator(Operator.LINEAR).heads(2, 1).decay(0.9)),
    HLA2(AttentionSettings.builder(5, 4).heads(2, 2).scale(-0.3)),
    RIDGE(AttentionSettings.builder(3, 3).ridge(0.5).normalize(true).featureMap(FeatureMap.ELU1)),
    DECAYED_RIDGE(AttentionSettings.builder(3, 3).ridge(0.5).decay(0.95)),
    AHLA(
        AttentionSettings.builder(4, 4)
            .operator(Operator.AHLA)
            .decay(0.99)
            .featureMap(FeatureMap.L2)),
    HLA3(AttentionSettings.builder(4, 2).operator(Operator.HLA3).featureMap(FeatureMap.RELU)),
    PUBLISHED(AttentionSettings.builder(3, 3).form(Form.PUBLISHED).decay(0.9)),
    HLA3_PUBLISHED(
        AttentionSettings.builder(2, 2).operator(Operator.HLA3).form(Form.PUBLISHED).decay(0.9)),
    UNMASKED(AttentionSettings.builder(3, 3).mask(Mask.NONE));

    private final AttentionSettings.Builder builder;

    Case(AttentionSettings.Builder builder) {
      this.builder = builder;
    }

    AttentionSettings with(Precision precision) {
      return builder.precision(precision).build();
    }
  }

  @ParameterizedTest
  @EnumSource
  void kernelsAreWithinTheBounds(Case of) {
    for (Precision precision : Precision.values()) {
      AttentionSettings settings = of.with(precision);
      double[][] tokens = tokens(settings, 1);
      Stream jobs = Stream.of(settings, tokens);
      Recomputation again = again(settings, tokens, State.initial(settings), 0, CUT, null);
      assertThat(Recomputation.offBy(jobs.atCut, again.state(), again.allowedState()))
          .as("state of %s %s", of, precision)
          .isLessThanOrEqualTo(1);
      // From the kernel's own state on.
      double[] worst = new double[1];
      again = again(settings, tokens, jobs.atCut, CUT, TOKENS, worst, jobs.outputs);
      assertThat(worst[0]).as("outputs of %s %s", of, precision).isLessThanOrEqualTo(1);
      assertThat(Recomputation.offBy(jobs.atEnd, again.state(), again.allowedState()))
          .as("last state of %s %s", of, precision)
          .isLessThanOrEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void oneTokenMoreOrLessIsOutside(Case of) {
    for (Precision precision : Precision.values()) {
      AttentionSettings settings = of.with(precision);
      double[][] tokens = tokens(settings, 2);
      Stream jobs = Stream.of(settings, tokens);
      Recomputation again = again(settings, tokens, State.initial(settings), 0, CUT - 1, null);
      // The token counts differ; the matrices alone must tell, too.
      State behind = State.of(settings, CUT - 1, jobs.atCut::matrix);
      assertThat(Recomputation.offBy(behind, again.state(), again.allowedState()))
          .as("state of %s %s", of, precision)
          .isGreaterThan(1);
      assertThat(Recomputation.offBy(jobs.atCut, again.state(), again.allowedState())).isInfinite();
    }
  }

  @Test
  void aStreamThatCancelsHasWideBoundsAndKeepsThem() {
    AttentionSettings settings = AttentionSettings.builder(1, 1).precision(Precision.MIXED).build();
    double[][] tokens = tokens(settings, 3);
    for (int t = 0; t < TOKENS; t++) {
      tokens[0][t] = 0.7f;
      tokens[1][t] = 1;
      tokens[2][t] = t % 2 == 0 ? 1 : -1;
    }
    double[] worst = new double[1];
    again(
        settings,
        tokens,
        State.initial(settings),
        0,
        TOKENS,
        worst,
        Stream.of(settings, tokens).outputs);
    assertThat(worst[0]).isLessThanOrEqualTo(1);
  }

  /**
   * Words of a text come again and again, and with them the same rounding: errors add up like their
   * number, not like its square root.
   */
  @Test
  void tokensThatRepeatRoundTheSameWay() {
    AttentionSettings settings = AttentionSettings.builder(2, 2).build();
    int count = 60_000;
    double[] numbers = new double[2 * count];
    Arrays.fill(numbers, (double) 0.1f);
    State front = State.initial(settings);
    for (int run = 0; run < 3; run++) {
      State behind;
      try (Summarizer summarizer = Kernels.choose("java", "auto").summarizer(0, front)) {
        summarizer.add(numbers, numbers, numbers, 0, count);
        behind = front.advance(summarizer.summary());
      }
      Recomputation again = new Recomputation(front);
      for (int t = 0; t < count; t++) {
        again.next(
            new double[] {0.1f, 0.1f}, new double[] {0.1f, 0.1f}, new double[] {0.1f, 0.1f}, null);
      }
      assertThat(Recomputation.offBy(behind, again.state(), again.allowedState()))
          .as("run %d", run)
          .isLessThanOrEqualTo(1);
      front = behind;
    }
  }

  @Test
  void whatIsNoNumberIsOutside() {
    assertThat(Recomputation.offBy(Double.NaN, 1, 1)).isNaN();
    assertThat(Recomputation.offBy(Double.NaN, 1, Double.POSITIVE_INFINITY)).isNaN();
    assertThat(Recomputation.offBy(Double.POSITIVE_INFINITY, 1, 1)).isInfinite();
    assertThat(Recomputation.offBy(5, 1, Double.POSITIVE_INFINITY)).isZero();
    assertThat(Recomputation.offBy(3, 1, 4)).isEqualTo(0.5);
  }

  /** What the Java kernel makes of a stream. */
  private record Stream(State atCut, State atEnd, double[] outputs) {
    static Stream of(AttentionSettings settings, double[][] tokens) {
      double[] outputs = new double[TOKENS * settings.outputWidth()];
      try (Applier applier = Kernels.java().applier(State.initial(settings))) {
        State cut = null;
        if (settings.precision().isDouble()) {
          applier.apply(tokens[0], tokens[1], tokens[2], outputs, 0, CUT);
          cut = applier.state();
          applier.apply(tokens[0], tokens[1], tokens[2], outputs, CUT, TOKENS - CUT);
        } else {
          float[] o = new float[outputs.length];
          float[][] narrow = {floats(tokens[0]), floats(tokens[1]), floats(tokens[2])};
          applier.apply(narrow[0], narrow[1], narrow[2], o, 0, CUT);
          cut = applier.state();
          applier.apply(narrow[0], narrow[1], narrow[2], o, CUT, TOKENS - CUT);
          for (int i = 0; i < o.length; i++) {
            outputs[i] = o[i];
          }
        }
        return new Stream(cut, applier.state(), outputs);
      }
    }

    private static float[] floats(double[] numbers) {
      float[] narrow = new float[numbers.length];
      for (int i = 0; i < narrow.length; i++) {
        narrow[i] = (float) numbers[i];
      }
      return narrow;
    }
  }

  private static Recomputation again(
      AttentionSettings settings,
      double[][] tokens,
      State inFront,
      int from,
      int to,
      double[] worst,
      double... outputs) {
    Recomputation again = new Recomputation(inFront);
    for (int t = from; t < to; t++) {
      again.next(
          row(tokens[0], t, settings.queryWidth()),
          row(tokens[1], t, settings.keyWidth()),
          row(tokens[2], t, settings.valueWidth()),
          null);
      for (int i = 0; worst != null && i < settings.outputWidth(); i++) {
        double actual = outputs[t * settings.outputWidth() + i];
        double off = Recomputation.offBy(actual, again.expected()[i], again.allowed()[i]);
        worst[0] = Math.max(worst[0], off);
      }
    }
    return again;
  }

  private static double[] row(double[] packed, int t, int width) {
    return java.util.Arrays.copyOfRange(packed, t * width, (t + 1) * width);
  }

  private static double[][] tokens(AttentionSettings settings, long seed) {
    Random random = new Random(seed);
    int[] widths = {settings.queryWidth(), settings.keyWidth(), settings.valueWidth()};
    double[][] tokens = new double[3][];
    for (int i = 0; i < 3; i++) {
      // Floats, as every precision takes them.
      tokens[i] =
          random.doubles((long) TOKENS * widths[i], -1, 1).map(number -> (float) number).toArray();
    }
    return tokens;
  }
}
