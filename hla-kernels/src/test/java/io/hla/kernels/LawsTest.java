package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Operator;
import io.hla.algebra.Options;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.algebra.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The laws of summaries and states, on random segments for every function and kernel. */
class LawsTest {
  private static final int TOKENS = 60;

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Variant variant : Variant.all()) {
      for (Options options : options(variant)) {
        TestKernels.all().forEach(kernel -> cases.add(Arguments.of(kernel, variant, options)));
      }
    }
    return cases.stream();
  }

  /** All with integers, for the exact laws; the ridge reads a matrix that F alone does not need. */
  private static List<Options> options(Variant variant) {
    List<Options> all = new ArrayList<>();
    all.add(new Options("plain", b -> b));
    all.add(new Options("normalize", b -> b.normalize(true)));
    if (variant.hasRidge()) {
      all.add(new Options("ridge", b -> b.ridge(2)));
    }
    all.add(new Options("gates", b -> b.gated(true)));
    return all;
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("cases")
  void holdOnRandomSegments(TestKernels kernel, Variant variant, Options options) {
    AttentionSettings settings =
        settings(variant, options).decay(List.of(0.9, 0.97, 0.5, 0.97)).build();
    new Laws(kernel.get(), settings, Stretch.normal(settings, TOKENS, 3), 1e-12).check();
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("cases")
  void holdExactlyOnIntegers(TestKernels kernel, Variant variant, Options options) {
    AttentionSettings settings = settings(variant, options).build();
    new Laws(kernel.get(), settings, Stretch.integers(settings, TOKENS, 4), 0).check();
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("cases")
  void holdExactlyWithADyadicDecay(TestKernels kernel, Variant variant, Options options) {
    AttentionSettings settings = settings(variant, options).decay(0.5).build();
    new Laws(kernel.get(), settings, Stretch.integers(settings, 9, 5), 0).check();
  }

  private static AttentionSettings.Builder settings(Variant variant, Options options) {
    return options.set().apply(variant.settings(5, 3)).heads(4, 2).precision(Precision.FLOAT64);
  }

  private record Laws(
      AttentionKernel kernel, AttentionSettings settings, Stretch tokens, double limit) {

    void check() {
      int n = tokens.tokens(settings);
      for (int step = 0; step < Summary.steps(settings); step++) {
        Summary whole = summary(step, 0, n);
        Summary identity = Summary.identity(settings, step);
        same("left identity", identity.combine(whole), whole);
        same("right identity", whole.combine(identity), whole);
        for (int i : new int[] {0, 1, n / 3, n - 1}) {
          same("split at " + i, summary(step, 0, i).combine(summary(step, i, n)), whole);
        }
        Summary a = summary(step, 0, n / 3);
        Summary b = summary(step, n / 3, n / 2);
        Summary c = summary(step, n / 2, n);
        same("associativity", a.combine(b).combine(c), a.combine(b.combine(c)));
        State inFront = State.initial(settings).advance(a);
        same("action", inFront.advance(b).advance(c), inFront.advance(b.combine(c)));
      }
      same("stream", inFront(n), tokens.stateBehind(kernel, State.initial(settings)));
      outputsFromTheMiddle(n);
    }

    private void outputsFromTheMiddle(int n) {
      int middle = n / 3;
      double[] serial = tokens.outputs(kernel, State.initial(settings));
      double[] tail = tokens.slice(settings, middle, n).outputs(kernel, inFront(middle));
      double[] expected =
          java.util.Arrays.copyOfRange(serial, middle * settings.outputWidth(), serial.length);
      // Denominators of signed tokens may come close to 0: outputs are compared without them.
      if (!settings.normalize() || limit == 0) {
        same("outputs behind an advance", tail, expected);
      }
    }

    /** The summary of a stretch in a scan step, from the true moments in front of it. */
    private Summary summary(int step, int from, int to) {
      State inFront = knownInFront(step, from);
      return tokens.slice(settings, from, to).summary(kernel, step, inFront);
    }

    /** What the steps before one have found in front of a position. */
    private State knownInFront(int step, int position) {
      State known = State.initial(settings);
      Stretch front = tokens.slice(settings, 0, position);
      for (int earlier = 0; earlier < step; earlier++) {
        known = known.advance(front.summary(kernel, earlier, knownInFront(earlier, 0)));
      }
      return known;
    }

    /** The state in front of a position as the scan finds it, all steps joined. */
    private State inFront(int position) {
      State joined = State.initial(settings).advance(summary(0, 0, position));
      for (int step = 1; step < Summary.steps(settings); step++) {
        joined = joined.withStep(step, State.initial(settings).advance(summary(step, 0, position)));
      }
      return joined;
    }

    private void same(String law, Summary actual, Summary expected) {
      assertThat(actual.tokens()).isEqualTo(expected.tokens());
      same(law, actual.values(), expected.values());
    }

    private void same(String law, State actual, State expected) {
      assertThat(actual.tokens()).isEqualTo(expected.tokens());
      same(law, actual.values(), expected.values());
    }

    private void same(String law, double[] actual, double[] expected) {
      assertThat(actual).hasSameSizeAs(expected);
      double largest = 1;
      for (double value : expected) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (int i = 0; i < actual.length; i++) {
        assertThat(Math.abs(actual[i] - expected[i]))
            .as("%s of %s, value %d: %s for %s", law, settings, i, actual[i], expected[i])
            .isLessThanOrEqualTo(limit * largest);
      }
    }
  }

  /** Without order F is wrong although S and C come out right. */
  @Test
  void combineDoesNotCommute() {
    AttentionSettings settings =
        AttentionSettings.builder(3, 3).precision(Precision.FLOAT64).build();
    Stretch tokens = Stretch.integers(settings, 20, 8);
    Summary a =
        tokens.slice(settings, 0, 10).summary(Kernels.recurrent(), 0, State.initial(settings));
    Summary b =
        tokens.slice(settings, 10, 20).summary(Kernels.recurrent(), 0, State.initial(settings));
    State right = State.initial(settings).advance(a.combine(b));
    State wrong = State.initial(settings).advance(b.combine(a));
    assertThat(wrong.matrix("S", 0)).isEqualTo(right.matrix("S", 0));
    assertThat(wrong.matrix("F", 0)).isNotEqualTo(right.matrix("F", 0));
  }

  @Test
  void stepsThatDoNotBelongTogetherAreRefused() {
    AttentionSettings settings =
        AttentionSettings.builder(3, 3).operator(Operator.HLA3).form(Form.PUBLISHED).build();
    State zero = State.initial(settings);
    State ahead =
        Stretch.normal(settings, 2, 9).stateBehind(Kernels.recurrent(), State.initial(settings));
    State other =
        State.initial(
            AttentionSettings.builder(3, 3)
                .operator(Operator.HLA3)
                .form(Form.PUBLISHED)
                .decay(0.5)
                .build());
    assertThatThrownBy(() -> zero.withStep(1, ahead))
        .hasMessage("cannot join states behind 0 and 2 tokens");
    assertThatThrownBy(() -> zero.withStep(1, other))
        .hasMessageContaining("decay is [0.5], expected [1.0]");
    assertThatThrownBy(() -> zero.withStep(2, zero)).hasMessage("scan step is 2, expected below 2");
    assertThatThrownBy(() -> Kernels.recurrent().summarizer(2, zero))
        .hasMessage("scan step is 2, expected below 2");
    assertThatThrownBy(() -> Summary.identity(settings, 0).combine(Summary.identity(settings, 1)))
        .hasMessage("cannot combine summaries of steps 0 and 1");
  }
}
