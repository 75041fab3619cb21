package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.algebra.Variant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels give the same bits wherever calls, or states but in mixed precision, cut a stream. */
class CutsTest {
  /** Past the 512 tokens between two roundings of the mixed precision, no whole batch. */
  private static final int TOKENS = 541;

  /** Within batches of 16, 32 and 64 tokens, and at their ends. */
  private static final int[] CUTS = {1, 15, 16, 31, 32, 64, 65, 500, 540};

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Variant variant : Variant.all()) {
      for (boolean gated : new boolean[] {false, true}) {
        TestKernels.all().forEach(kernel -> cases.add(Arguments.of(kernel, variant, gated)));
      }
    }
    return cases.stream();
  }

  /** Heads that share matrices, heads that do not, decay that is put off, and decay that is not. */
  private static AttentionSettings settings(Variant variant, Precision precision, boolean gated) {
    return variant
        .settings(5, 7)
        .heads(6, 2)
        .decay(List.of(1.0, 1.0, 0.9, 0.99, 0.99, 1e-6))
        .scale(0.5)
        .featureMap(FeatureMap.ELU1)
        .precision(precision)
        .gated(gated)
        .build();
  }

  @ParameterizedTest(name = "{0} {1}, gates: {2}")
  @MethodSource("cases")
  void callsOfAnyLengthChangeNoBit(TestKernels kernel, Variant variant, boolean gated) {
    for (Precision precision : Precision.values()) {
      AttentionSettings settings = settings(variant, precision, gated);
      Stretch tokens = Stretch.normal(settings, TOKENS, 41);
      State zero = State.initial(settings);
      double[] whole = tokens.outputs(kernel.get(), zero);
      byte[] behind = tokens.stateBehind(kernel.get(), zero).toBytes();
      byte[] summary = tokens.summary(kernel.get(), 0, zero).toBytes();
      for (int piece : new int[] {1, 7, 16, 31, 64, 65}) {
        String what = precision + ", calls of " + piece + ", seed 41";
        double[] outputs = new double[whole.length];
        try (Applier applier = kernel.get().applier(zero);
            Summarizer summarizer = kernel.get().summarizer(0, zero)) {
          for (int from = 0; from < TOKENS; from += piece) {
            Stretch part = tokens.slice(settings, from, Math.min(TOKENS, from + piece));
            double[] given = part.outputs(applier, settings);
            System.arraycopy(given, 0, outputs, from * settings.outputWidth(), given.length);
            part.add(summarizer, settings);
          }
          assertThat(applier.state().toBytes()).as(what).isEqualTo(behind);
          assertThat(summarizer.summary().toBytes()).as(what).isEqualTo(summary);
        }
        assertThat(outputs).as(what).isEqualTo(whole);
      }
    }
  }

  /** The numbers of a state, and the decay that is put off, are all that a stream is. */
  @ParameterizedTest(name = "{0} {1}, gates: {2}")
  @MethodSource("cases")
  void statesBetweenChangeNoBit(TestKernels kernel, Variant variant, boolean gated) {
    for (Precision precision : List.of(Precision.FLOAT64, Precision.FLOAT32)) {
      AttentionSettings settings = settings(variant, precision, gated);
      Stretch tokens = Stretch.normal(settings, TOKENS, 42);
      double[] whole = tokens.outputs(kernel.get(), State.initial(settings));
      byte[] behind = tokens.stateBehind(kernel.get(), State.initial(settings)).toBytes();
      for (int cut : CUTS) {
        State state = State.fromBytes(stateAt(kernel, tokens, settings, cut).toBytes());
        Stretch rest = tokens.slice(settings, cut, TOKENS);
        String what = precision + " cut at " + cut + ", seed 42";
        assertThat(rest.outputs(kernel.get(), state))
            .as(what)
            .isEqualTo(Arrays.copyOfRange(whole, cut * settings.outputWidth(), whole.length));
        assertThat(rest.stateBehind(kernel.get(), state).toBytes()).as(what).isEqualTo(behind);
      }
    }
  }

  /** Kernels whose batches are others multiply by what was put off before they go on. */
  @ParameterizedTest(name = "{0} {1}, gates: {2}")
  @MethodSource("cases")
  void otherKernelsGoOnFromTheStates(TestKernels kernel, Variant variant, boolean gated) {
    AttentionSettings settings = settings(variant, Precision.FLOAT64, gated);
    Stretch tokens = Stretch.normal(settings, TOKENS, 43);
    double[] whole = tokens.outputs(kernel.get(), State.initial(settings));
    for (int cut : CUTS) {
      State state = stateAt(kernel, tokens, settings, cut);
      double[] expected = Arrays.copyOfRange(whole, cut * settings.outputWidth(), whole.length);
      for (TestKernels other : TestKernels.all().toList()) {
        double[] actual = tokens.slice(settings, cut, TOKENS).outputs(other.get(), state);
        assertThat(Errors.largest(settings, expected, actual))
            .as("%s, cut at %d, seed 43", other, cut)
            .isLessThan(1e-12);
      }
    }
  }

  /** What a state within a batch lacks is multiplied in front of a segment. */
  @ParameterizedTest(name = "{0} {1}, gates: {2}")
  @MethodSource("cases")
  void segmentsFollowStatesAnywhere(TestKernels kernel, Variant variant, boolean gated) {
    AttentionSettings settings = settings(variant, Precision.FLOAT64, gated);
    Stretch tokens = Stretch.normal(settings, TOKENS, 44);
    State expected = tokens.stateBehind(kernel.get(), State.initial(settings));
    double[] values = expected.values();
    double largest = Arrays.stream(values).map(Math::abs).max().orElseThrow();
    for (int cut : CUTS) {
      State actual = stateAt(kernel, tokens, settings, cut);
      Stretch rest = tokens.slice(settings, cut, TOKENS);
      for (int step = 0; step < Summary.steps(settings); step++) {
        State inFront = stateAt(kernel, tokens, settings, cut);
        assertThat(inFront.withStep(step, inFront).values()).isEqualTo(inFront.values());
        Summary segment = rest.summary(kernel.get(), step, inFront);
        State behind = inFront.advance(segment);
        actual = step == 0 ? behind : actual.withStep(step, behind);
      }
      assertThat(actual.tokens()).isEqualTo(TOKENS);
      assertThat(actual.values())
          .as("cut at %d, seed 44", cut)
          .containsExactly(values, Offset.offset(1e-12 * largest));
    }
  }

  private static State stateAt(
      TestKernels kernel, Stretch tokens, AttentionSettings settings, int cut) {
    return tokens.slice(settings, 0, cut).stateBehind(kernel.get(), State.initial(settings));
  }
}
