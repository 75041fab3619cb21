package io.hla.spark.validate;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.kernels.Recomputation;
import io.hla.spark.Operators;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The sums of the definition against the recurrence, which shares no code with them. */
class DenseDefinitionTest {
  private static final int TOKENS = 20;
  private static final List<String> PROGRAMS =
      List.of(
          "o = LA(q, k, v, 1)",
          "o = LA<(q, k, v, g^3)",
          "o = -0.5 * LA(q, k, v) + 2 * LA(k, q, v) - LA<(q, q, v)",
          "u = LA(q, k, k); w = LA(u, q, q, g^2) + LA(q, k, k); o = LA(w, u, v, g^2)",
          "p = LA(q, k, v); o = LA(q, k, p) + 1e-1 * LA(q, k, v)",
          "o = LA(LA(q, k, k), LA<(q, k, q), LA(q, q, v), g^2)");

  static Stream<Arguments> variants() {
    return Operators.variants(
        Stream.concat(
            Operators.all(),
            Stream.concat(
                Stream.of(Operator.hla(5), Operator.hla(7), Operator.ahla(6)),
                PROGRAMS.stream().map(Operator::program))));
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("variants")
  void isTheRecurrence(Operator operator, Mask mask, Form form) {
    for (boolean gated : new boolean[] {false, true}) {
      check(settings(operator, mask, form, gated).build());
      check(settings(operator, mask, form, gated).normalize(true).build());
    }
    if (operator.equals(Operator.HLA2) && mask == Mask.CAUSAL) {
      check(settings(operator, mask, form, false).ridge(0.3).build());
      check(settings(operator, mask, form, true).ridge(0.3).build());
    }
  }

  private static AttentionSettings.Builder settings(
      Operator operator, Mask mask, Form form, boolean gated) {
    return AttentionSettings.builder(3, 2)
        .operator(operator)
        .mask(mask)
        .form(form)
        .heads(2, 1)
        .decay(List.of(0.8, 0.95))
        .scale(0.5)
        .gated(gated)
        .precision(Precision.FLOAT64);
  }

  private static void check(AttentionSettings settings) {
    Tokens tokens = Tokens.random(settings, TOKENS, 3);
    if (settings.gated()) {
      tokens.g()[10] = 0;
      tokens.g()[20] = 0;
      tokens.g()[21] = 0;
    }
    DenseDefinition definition = new DenseDefinition(settings, tokens);
    Recomputation stream = new Recomputation(State.initial(settings));
    for (int t = 0; t < TOKENS; t++) {
      Tokens token = tokens.slice(settings, t, t + 1);
      stream.next(token.q(), token.k(), token.v(), token.g());
      double[] output = definition.output(t);
      for (int i = 0; i < output.length; i++) {
        assertThat(Recomputation.offBy(output[i], stream.expected()[i], stream.allowed()[i]))
            .as("token %d of %s", t, settings)
            .isLessThanOrEqualTo(1);
      }
    }
  }
}
