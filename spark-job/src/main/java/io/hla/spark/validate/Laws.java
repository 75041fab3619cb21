package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.kernels.AttentionKernel;
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
    for (int step = 0; step < Summary.steps(settings); step++) {
      checks.addAll(new Step(step).checks());
    }
    return checks;
  }

  /** The state behind the first tokens, as the stream leaves it. */
  private State behind(int count) {
    return count == 0 ? zero : tokens.slice(settings, 0, count).stateBehind(kernel, zero);
  }

  /** The matrices that summaries of one scan step determine. */
  static List<String> moved(Summary summary, State state) {
    return state.matrices().stream().filter(summary.matrices()::contains).toList();
  }

  /** Summaries of one scan step, from the true states in front of their segments. */
  private final class Step {
    private final int step;

    Step(int step) {
      this.step = step;
    }

    List<Check> checks() {
      List<Check> checks = new ArrayList<>();
      int third = tokens.count() / 3;
      Summary a = summary(0, third);
      Summary b = summary(third, 2 * third);
      Summary c = summary(2 * third, tokens.count());
      Summary identity = Summary.identity(settings, step);
      String detail = "segments of " + third + " tokens";
      double left = gap(identity.combine(a), a);
      checks.add(law("identity", Math.max(left, gap(a.combine(identity), a)), detail));
      checks.add(
          law("associativity", gap(a.combine(b).combine(c), a.combine(b.combine(c))), detail));
      checks.add(
          law("split = whole", gap(a.combine(b).combine(c), summary(0, tokens.count())), detail));
      State inFront = behind(third);
      State bothWays = inFront.advance(b.combine(c));
      checks.add(law("action", between(inFront.advance(b).advance(c), bothWays, b), detail));
      State stream = behind(tokens.count());
      checks.add(
          law(
              "summary = stream",
              between(bothWays, stream, b),
              "the state behind the tokens, both ways"));
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
      State inFront = behind(Math.max(1, tokens.count() / 4));
      return between(inFront.advance(actual), inFront.advance(expected), expected);
    }

    private double between(State actual, State expected, Summary summary) {
      return Errors.between(actual, expected, moved(summary, expected));
    }

    private Summary summary(int from, int to) {
      return tokens.slice(settings, from, to).summary(kernel, step, behind(from));
    }

    private Check law(String name, double error, String detail) {
      String full = Summary.steps(settings) == 1 ? name : name + ", scan step " + (step + 1);
      return Check.atMost(full, error, LIMIT, detail);
    }
  }
}
