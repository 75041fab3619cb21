package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.algebra.Variant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What streams promise whatever the operator: cuts, bounds, order, exactness. */
class StreamsTest {
  /** Several of the largest batches and a rest that fills no batch of any kernel. */
  private static final int TOKENS = 3 * AttentionKernel.BLOCK + 9;

  /** Past the 512 tokens between two roundings of the native kernels in mixed precision. */
  private static final int MANY_TOKENS = 12 * AttentionKernel.BLOCK + 9;

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Variant variant : Variant.all()) {
      TestKernels.all().forEach(kernel -> cases.add(Arguments.of(kernel, variant)));
    }
    return cases.stream();
  }

  static Stream<TestKernels> kernels() {
    return TestKernels.all();
  }

  private static AttentionSettings settings(Variant variant, Precision precision) {
    return variant
        .settings(5, 7)
        .heads(4, 2)
        .decay(List.of(1.0, 0.9, 0.99, 1e-6))
        .scale(0.5)
        .featureMap(FeatureMap.ELU1)
        .precision(precision)
        .build();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void cutsChangeNoBit(TestKernels kernel, Variant variant) {
    for (Precision precision : Precision.values()) {
      AttentionSettings settings = settings(variant, precision);
      Stretch tokens = Stretch.normal(settings, MANY_TOKENS, 31);
      Cut whole = new Cut(kernel.get(), settings, tokens, MANY_TOKENS);
      for (int piece : new int[] {AttentionKernel.BLOCK, 5 * AttentionKernel.BLOCK, 37}) {
        Cut cut = new Cut(kernel.get(), settings, tokens, piece);
        String what = precision + ", pieces of " + piece + ", seed 31";
        assertThat(cut.outputs).as(what).isEqualTo(whole.outputs);
        assertThat(cut.state.values()).as(what).isEqualTo(whole.state.values());
        assertThat(cut.state.tokens()).isEqualTo(MANY_TOKENS);
        assertThat(cut.summary.values()).as(what).isEqualTo(whole.summary.values());
        assertThat(cut.summary.tokens()).isEqualTo(MANY_TOKENS);
      }
    }
  }

  /** A stream fed in pieces, its state and summary looked at behind each. */
  private static final class Cut {
    private final double[] outputs;
    private State state;
    private Summary summary;

    Cut(AttentionKernel kernel, AttentionSettings settings, Stretch tokens, int piece) {
      State zero = State.initial(settings);
      double[] o = new double[MANY_TOKENS * settings.outputWidth()];
      Arrays.fill(o, Double.NaN);
      float[] narrow = Stretch.floats(o);
      float[] q = Stretch.floats(tokens.q());
      float[] k = Stretch.floats(tokens.k());
      float[] v = Stretch.floats(tokens.v());
      boolean isDouble = settings.precision().isDouble();
      try (Applier applier = kernel.applier(zero);
          Summarizer summarizer = kernel.summarizer(0, zero)) {
        for (int from = 0; from < MANY_TOKENS; from += piece) {
          int count = Math.min(piece, MANY_TOKENS - from);
          if (isDouble) {
            applier.apply(tokens.q(), tokens.k(), tokens.v(), o, from, count);
            summarizer.add(tokens.q(), tokens.k(), tokens.v(), from, count);
          } else {
            applier.apply(q, k, v, narrow, from, count);
            summarizer.add(q, k, v, from, count);
          }
          state = applier.state();
          summary = summarizer.summary();
        }
      }
      outputs = isDouble ? o : Stretch.doubles(narrow);
    }
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void onlyTheNamedTokensAreReadAndWritten(TestKernels kernel, Variant variant) {
    int guard = 3;
    for (Precision precision : Precision.values()) {
      AttentionSettings settings = settings(variant, precision);
      for (int count : new int[] {0, 1, 33, 70}) {
        Stretch tokens = Stretch.normal(settings, count, 32);
        double[] expected = tokens.outputs(kernel.get(), State.initial(settings));
        double[] q = guarded(tokens.q(), guard * settings.queryWidth(), Double.NaN);
        double[] k = guarded(tokens.k(), guard * settings.keyWidth(), Double.NaN);
        double[] v = guarded(tokens.v(), guard * settings.valueWidth(), Double.NaN);
        double[] o = new double[q.length / settings.queryWidth() * settings.outputWidth()];
        Arrays.fill(o, 777);
        State state;
        try (Applier applier = kernel.get().applier(State.initial(settings))) {
          if (precision.isDouble()) {
            applier.apply(q, k, v, o, guard, count);
          } else {
            float[] narrow = Stretch.floats(o);
            applier.apply(
                Stretch.floats(q), Stretch.floats(k), Stretch.floats(v), narrow, guard, count);
            o = Stretch.doubles(narrow);
          }
          state = applier.state();
        }
        assertThat(o)
            .as("%s, %d tokens, seed 32", precision, count)
            .isEqualTo(guarded(expected, guard * settings.outputWidth(), 777));
        assertThat(state.values())
            .isEqualTo(tokens.stateBehind(kernel.get(), State.initial(settings)).values());
      }
    }
  }

  private static double[] guarded(double[] values, int guard, double value) {
    double[] all = new double[values.length + 2 * guard];
    Arrays.fill(all, value);
    System.arraycopy(values, 0, all, guard, values.length);
    return all;
  }

  /** The bad token stands inside a block, at its start, at its end. */
  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void aTokenThatIsNotANumberSpoilsNothingBeforeIt(TestKernels kernel, Variant variant) {
    for (Precision precision : Precision.values()) {
      AttentionSettings settings = settings(variant, precision);
      Stretch tokens = Stretch.normal(settings, TOKENS, 33);
      double[] expected = tokens.outputs(kernel.get(), State.initial(settings));
      for (int bad : new int[] {5, 31, 64, 100}) {
        Stretch spoilt = tokens.slice(settings, 0, TOKENS);
        fill(spoilt.q(), bad, settings.queryWidth());
        fill(spoilt.k(), bad, settings.keyWidth());
        fill(spoilt.v(), bad, settings.valueWidth());
        double[] actual = spoilt.outputs(kernel.get(), State.initial(settings));
        int good = bad * settings.outputWidth();
        String what = precision + ", token " + bad + ", seed 33";
        assertThat(Arrays.copyOf(actual, good)).as(what).isEqualTo(Arrays.copyOf(expected, good));
        for (int i = good; i < good + settings.outputWidth(); i++) {
          assertThat(actual[i]).as(what).isNaN();
        }
      }
    }
  }

  private static void fill(double[] values, int token, int width) {
    Arrays.fill(values, token * width, (token + 1) * width, Double.NaN);
  }

  /** All sums stay below 2^53, so that the order of additions changes no bit. */
  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void integersInFloat64AreExact(TestKernels kernel, Variant variant) {
    for (int[] size : new int[][] {{1, 1}, {5, 3}, {16, 16}, {17, 33}}) {
      AttentionSettings settings =
          variant.settings(size[0], size[1]).heads(2, 1).precision(Precision.FLOAT64).build();
      Stretch tokens = Stretch.integers(settings, TOKENS, 34);
      State zero = State.initial(settings);
      String what = settings + ", seed 34";
      assertThat(tokens.outputs(kernel.get(), zero))
          .as(what)
          .isEqualTo(tokens.outputs(Kernels.recurrent(), zero));
      assertThat(tokens.stateBehind(kernel.get(), zero).values())
          .as(what)
          .isEqualTo(tokens.stateBehind(Kernels.recurrent(), zero).values());
    }
  }

  /** Streams so short that no sum of any order passes 2^53, whole and in two segments. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void integersAreExactInEveryOrder(TestKernels kernel) {
    for (int order = 1; order <= Operator.HIGHEST_ORDER; order++) {
      for (Operator operator : List.of(Operator.hla(order), Operator.ahla(order))) {
        AttentionSettings settings =
            AttentionSettings.builder(2, 3)
                .operator(operator)
                .heads(2, 1)
                .gated(true)
                .precision(Precision.FLOAT64)
                .build();
        Stretch tokens = Stretch.integers(settings, 6, 35);
        Arrays.setAll(tokens.q(), i -> Math.signum(tokens.q()[i]));
        Arrays.setAll(tokens.k(), i -> Math.signum(tokens.k()[i]));
        Arrays.fill(tokens.gate(), 1);
        tokens.gate()[4] = 0;
        double[] expected = DenseDefinition.outputs(settings, tokens);
        State zero = State.initial(settings);
        assertThat(Arrays.stream(expected).map(Math::abs).max().orElseThrow()).isLessThan(0x1p53);
        assertThat(tokens.outputs(kernel.get(), zero)).as("%s", operator).isEqualTo(expected);
        State inFront = zero;
        for (int step = 0; step < Summary.steps(settings); step++) {
          Summary a = tokens.slice(settings, 0, 2).summary(kernel.get(), step, zero);
          State middle = step == 0 ? zero.advance(a) : inFrontOf(2, settings, tokens);
          Summary b = tokens.slice(settings, 2, 5).summary(kernel.get(), step, middle);
          State next = zero.advance(a.combine(b));
          inFront = step == 0 ? next : inFront.withStep(step, next);
        }
        assertThat(tokens.slice(settings, 5, 6).outputs(kernel.get(), inFront))
            .as("%s behind segments", operator)
            .isEqualTo(Arrays.copyOfRange(expected, 5 * settings.outputWidth(), expected.length));
      }
    }
  }

  private static State inFrontOf(int token, AttentionSettings settings, Stretch tokens) {
    return tokens
        .slice(settings, 0, token)
        .stateBehind(Kernels.recurrent(), State.initial(settings));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kernels")
  void arraysThatAreTooShortAreRefused(TestKernels kernel) {
    AttentionSettings settings =
        AttentionSettings.builder(3, 2).heads(4, 2).precision(Precision.FLOAT64).build();
    try (Applier applier = kernel.get().applier(State.initial(settings));
        Summarizer summarizer = kernel.get().summarizer(0, State.initial(settings))) {
      double[] q = new double[10 * 12];
      double[] k = new double[10 * 6];
      double[] v = new double[10 * 4];
      double[] o = new double[10 * 8];
      assertThatThrownBy(() -> applier.apply(q, new double[59], v, o, 2, 8))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("key has 59 values, expected 60: tokens 2 to 9 of 6 values each");
      assertThatThrownBy(() -> applier.apply(q, k, v, new double[79], 0, 10))
          .hasMessageStartingWith("output has 79 values, expected 80");
      assertThatThrownBy(() -> summarizer.add(q, k, v, 0, 11))
          .hasMessageStartingWith("query has 120 values, expected 132");
      assertThatThrownBy(() -> summarizer.add(q, k, v, Integer.MAX_VALUE, Integer.MAX_VALUE))
          .hasMessageStartingWith("query has 120 values, expected ");
      assertThatThrownBy(() -> applier.apply(q, k, v, o, -1, 1))
          .hasMessage("tokens from -1, count 1, expected both from 0");
      assertThatThrownBy(() -> summarizer.add(q, k, v, new double[8], 0, 1))
          .hasMessage("gates, expected none");
      assertThat(applier.state().tokens()).isZero();
      assertThat(applier.state().values()).containsOnly(0);
    }
  }
}
