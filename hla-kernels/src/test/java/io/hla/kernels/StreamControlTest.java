package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.algebra.Summary;
import io.hla.algebra.Variant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Streams that are fed a token at a time, forked, reset, moved on, saved and restored. */
class StreamControlTest {
  private static final int TOKENS = 150;
  private static final int CUT = 77;

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Variant variant : Variant.all()) {
      TestKernels.all().forEach(kernel -> cases.add(Arguments.of(kernel, variant)));
    }
    return cases.stream();
  }

  private static AttentionSettings settings(Variant variant, Precision precision) {
    return variant
        .settings(4, 3)
        .heads(2, 1)
        .decay(List.of(0.97, 1.0))
        .gated(variant.operator().equals(Operator.AHLA))
        .precision(precision)
        .build();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void forksAndResetsGoOnWithTheBitsOfTheStream(TestKernels kernel, Variant variant) {
    AttentionSettings settings = settings(variant, Precision.FLOAT64);
    Stretch tokens = Stretch.normal(settings, TOKENS, 11);
    Stretch front = tokens.slice(settings, 0, CUT);
    Stretch rest = tokens.slice(settings, CUT, TOKENS);
    try (Applier applier = kernel.get().applier(State.initial(settings))) {
      front.outputs(applier, settings);
      State atCut = State.fromBytes(applier.state().toBytes());
      try (Applier fork = applier.fork()) {
        double[] expected = rest.outputs(applier, settings);
        assertThat(rest.outputs(fork, settings)).isEqualTo(expected);
        fork.reset(atCut);
        assertThat(fork.state().tokens()).isEqualTo(CUT);
        assertThat(rest.outputs(fork, settings)).isEqualTo(expected);
        fork.reset(State.initial(settings));
        assertThat(front.outputs(fork, settings))
            .isEqualTo(front.outputs(kernel.get(), State.initial(settings)));
      }
    }
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void aTokenAtATimeGivesTheBatch(TestKernels kernel, Variant variant) {
    for (Precision precision : Precision.values()) {
      AttentionSettings settings = settings(variant, precision);
      Stretch tokens = Stretch.normal(settings, TOKENS, 12);
      double[] expected = tokens.outputs(kernel.get(), State.initial(settings));
      double[] actual = new double[expected.length];
      int width = settings.outputWidth();
      try (Applier applier = kernel.get().applier(State.initial(settings))) {
        for (int t = 0; t < TOKENS; t++) {
          double[] o = tokens.slice(settings, t, t + 1).outputs(applier, settings);
          System.arraycopy(o, 0, actual, t * width, width);
        }
      }
      assertThat(Errors.largest(settings, expected, actual))
          .isLessThan(Errors.allowed(settings, TOKENS));
    }
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void streamsAdvanceOverSegmentsOfOthers(TestKernels kernel, Variant variant) {
    AttentionSettings settings = settings(variant, Precision.FLOAT64);
    Stretch tokens = Stretch.normal(settings, TOKENS, 13);
    Stretch rest = tokens.slice(settings, CUT, TOKENS);
    try (Applier applier = kernel.get().applier(State.initial(settings))) {
      Summary segment =
          tokens.slice(settings, 0, CUT).summary(kernel.get(), 0, State.initial(settings));
      if (Summary.steps(settings) > 1) {
        assertThatThrownBy(() -> applier.advance(segment))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("one scan step");
        return;
      }
      applier.advance(segment);
      assertThat(applier.state().tokens()).isEqualTo(CUT);
      double[] whole = tokens.outputs(kernel.get(), State.initial(settings));
      double[] expected = Arrays.copyOfRange(whole, CUT * settings.outputWidth(), whole.length);
      assertThat(Errors.largest(settings, expected, rest.outputs(applier, settings)))
          .isLessThan(1e-12);
    }
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void statesAreTheirMatrices(TestKernels kernel, Variant variant) {
    AttentionSettings settings = settings(variant, Precision.FLOAT64);
    State state =
        Stretch.normal(settings, 20, 14).stateBehind(kernel.get(), State.initial(settings));
    State again = State.of(settings, 20, state::matrix);
    assertThat(again.values()).isEqualTo(state.values());
    assertThat(State.of(settings, 20, again::matrix).toBytes()).isEqualTo(again.toBytes());
    assertThatThrownBy(() -> State.of(settings, 20, (name, head) -> new double[1]))
        .isInstanceOf(StateException.class)
        .hasMessageContaining("has 1 values, expected");
  }
}
