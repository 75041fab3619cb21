package io.hla.spark.validate;

import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.State;
import io.hla.kernels.Summary;
import java.util.ArrayList;
import java.util.List;

/** The laws of the algebra on neighbouring tokens of the input, in float64. */
final class Laws {
  static final double LIMIT = 1e-12;
  private static final int PIECES = 12;

  private final AttentionSettings settings;
  private final AttentionKernel kernel;
  private final Tokens tokens;
  private final State zero;

  Laws(AttentionSettings settings, AttentionKernel kernel, Tokens tokens) {
    this.settings = settings;
    this.kernel = kernel;
    this.tokens = tokens;
    this.zero = State.initial(settings);
  }

  List<Check> checks() {
    List<Check> checks = new ArrayList<>();
    int third = tokens.count() / 3;
    Summary a = summary(0, third);
    Summary b = summary(third, 2 * third);
    Summary c = summary(2 * third, tokens.count());
    Summary identity = Summary.identity(settings, 0);
    String detail = "segments of " + third + " tokens";
    checks.add(
        law(
            "identity",
            Math.max(gap(identity.combine(a), a), gap(a.combine(identity), a)),
            detail));
    checks.add(law("associativity", gap(a.combine(b).combine(c), a.combine(b.combine(c))), detail));
    checks.add(
        law("split = whole", gap(a.combine(b).combine(c), summary(0, tokens.count())), detail));
    State inFront = zero.advance(a);
    checks.add(
        law(
            "action",
            Errors.between(inFront.advance(b).advance(c), inFront.advance(b.combine(c))),
            detail));
    if (Summary.steps(settings) == 1) {
      Tokens behind = tokens.slice(settings, third, tokens.count());
      checks.add(
          law(
              "summary = stream",
              Errors.between(inFront.advance(b.combine(c)), behind.stateBehind(kernel, inFront)),
              "the state behind the tokens, both ways"));
    }
    checks.add(bracketings());
    return checks;
  }

  private Check bracketings() {
    List<Summary> pieces = new ArrayList<>();
    for (int i = 0; i < PIECES; i++) {
      pieces.add(summary(i * tokens.count() / PIECES, (i + 1) * tokens.count() / PIECES));
    }
    return law(
        "bracketings agree",
        Bracketings.worst(zero, pieces),
        "left, right, balanced and 3 random, 12 pieces");
  }

  // Summaries are compared through what they do to a state that is not zero.
  private double gap(Summary actual, Summary expected) {
    State inFront = zero.advance(summary(0, Math.max(1, tokens.count() / 4)));
    return Errors.between(inFront.advance(actual), inFront.advance(expected));
  }

  private Summary summary(int from, int to) {
    return tokens.slice(settings, from, to).summary(kernel, 0, zero);
  }

  private static Check law(String name, double error, String detail) {
    return Check.atMost(name, error, LIMIT, detail);
  }
}
