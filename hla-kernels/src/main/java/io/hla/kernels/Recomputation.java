package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.Precision;
import io.hla.algebra.Program;
import io.hla.algebra.State;
import java.util.Arrays;
import java.util.List;

/**
 * A stream computed once more, token by token in double, from the state in front of it: what its
 * outputs are, and how far rounding may take a kernel from each of them. The bound is
 * componentwise: some units in the last place of what the absolute values of all products add up
 * to, so that it holds whatever cancels. Not safe for several threads.
 */
public final class Recomputation {
  /** Units that a sum of few tokens may be off by; see {@link #units}. */
  private static final double UNITS = 64;

  /** Tokens that mixed arithmetic sums in float before it adds them to a state in double. */
  private static final int TOKENS_IN_FLOAT = 512;

  /** A unit of double in units of float. */
  private static final double DOUBLE_IN_FLOAT = 0x1p-29;

  private static final double TINY_FLOAT = 1e-30;
  private static final double TINY_DOUBLE = 1e-290;

  private final AttentionSettings settings;
  private final Computation computation;
  private final Recurrence exact;
  private final Recurrence positive;
  private final double[] values;
  private final double[] magnitudes;
  private final double[] expected;
  private final double[] allowed;
  private final long tokensInFront;
  private long tokens;

  /** Begins behind a state, of whatever precision. */
  public Recomputation(State inFront) {
    settings = inFront.settings();
    tokensInFront = inFront.tokens();
    computation = Computation.attending(settings.withPrecision(Precision.FLOAT64));
    double[] matrices = inFront.values();
    exact = new Recurrence(computation, matrices);
    positive = new Recurrence(positive(), Arrays.stream(matrices).map(Math::abs).toArray());
    int columns = settings.numHeads() * computation.settings().valueColumns();
    values = new double[columns];
    magnitudes = new double[columns];
    expected = new double[settings.outputWidth()];
    allowed = new double[settings.outputWidth()];
  }

  /** The program with nothing negative in it; its tokens are absolute values, too. */
  private Computation positive() {
    Program program = computation.program();
    List<Program.Term> terms =
        program.output().stream()
            .map(term -> new Program.Term(Math.abs(term.coefficient()), term.signal()))
            .toList();
    return computation.with(new Program(program.matrices(), program.derived(), terms));
  }

  /**
   * Takes the next token.
   *
   * @param query [H d]
   * @param key [Hkv d]
   * @param value [Hkv dv]
   * @param gate [H]; null without gates
   */
  public void next(double[] query, double[] key, double[] value, double[] gate) {
    tokens++;
    exact.undivided(query, key, value, gate, values);
    // A scale below zero turns these positive again.
    double sign = Math.signum(settings.scale());
    positive.undivided(
        absolute(query, sign), absolute(key, 1), absolute(value, 1), gate, magnitudes);
    int dv = settings.valueDim();
    int columns = computation.settings().valueColumns();
    for (int head = 0; head < settings.numHeads(); head++) {
      for (int j = 0; j < dv; j++) {
        int at = head * columns + j;
        expected[head * dv + j] = values[at];
        allowed[head * dv + j] = bound(magnitudes[at]);
      }
      if (settings.normalize()) {
        divide(head, values[head * columns + dv], magnitudes[head * columns + dv]);
      }
    }
  }

  private void divide(int head, double denominator, double magnitude) {
    double divisor = denominator + settings.epsilon();
    double error = bound(magnitude + Math.abs(settings.epsilon()));
    int dv = settings.valueDim();
    for (int i = head * dv; i < (head + 1) * dv; i++) {
      expected[i] /= divisor;
      // A divisor that rounding may take to zero promises nothing.
      allowed[i] =
          error < Math.abs(divisor) / 4
              ? 2 * (allowed[i] + Math.abs(expected[i]) * error) / Math.abs(divisor)
              : Double.POSITIVE_INFINITY;
    }
  }

  private static double[] absolute(double[] numbers, double sign) {
    double[] absolute = new double[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      absolute[i] = sign * Math.abs(numbers[i]);
    }
    return absolute;
  }

  private double bound(double magnitude) {
    boolean isDouble = settings.precision().isDouble();
    return units() * (isDouble ? 0x1p-53 : 0x1p-24) * magnitude
        + (isDouble ? TINY_DOUBLE : TINY_FLOAT) * Math.max(1, magnitude);
  }

  /**
   * Units in the last place of float32 and mixed arithmetic in float, of float64 in double. Every
   * addition to a sum may round by half a unit of it, and where tokens repeat all of them round the
   * same way: the error grows like the number of tokens. In float64 the recurrence itself is off by
   * as much as a kernel; mixed sums no more than some hundred tokens in float.
   */
  private double units() {
    return UNITS
        + switch (settings.precision()) {
          case FLOAT32 -> tokens;
          case MIXED ->
              Math.max(2 * Math.sqrt(tokens), Math.min(tokens, TOKENS_IN_FLOAT))
                  + 2.0 * tokens * DOUBLE_IN_FLOAT;
          case FLOAT64 -> 2.0 * tokens;
        };
  }

  /** The outputs of the last token, [H dv]; valid until the next. */
  public double[] expected() {
    return expected;
  }

  /**
   * How far a kernel of the precision may be from each; infinite where a denominator cancels so far
   * that nothing can be said. Valid until the next token.
   */
  public double[] allowed() {
    return allowed;
  }

  /** The state behind the last token, in float64. */
  public State state() {
    return state(matrices(exact));
  }

  /** How far a state of the precision may be from {@link #state}, value by value, as a state. */
  public State allowedState() {
    return state(Arrays.stream(matrices(positive)).map(this::bound).toArray());
  }

  private double[] matrices(Recurrence recurrence) {
    double[] matrices = new double[computation.layout().size()];
    recurrence.read(matrices);
    return matrices;
  }

  private State state(double[] numbers) {
    return computation.state(tokensInFront + tokens, numbers);
  }

  /**
   * The largest share of what is allowed that a state is off by: at most 1 if it is right.
   *
   * @param actual a state of any precision
   * @param expected {@link #state}
   * @param allowed {@link #allowedState}
   */
  public static double offBy(State actual, State expected, State allowed) {
    boolean comparable =
        actual.tokens() == expected.tokens()
            && actual
                .settings()
                .withPrecision(Precision.FLOAT64)
                .equals(expected.settings().withPrecision(Precision.FLOAT64));
    double worst = comparable ? 0 : Double.POSITIVE_INFINITY;
    double[] numbers = actual.values();
    double[] right = expected.values();
    double[] bounds = allowed.values();
    for (int i = 0; comparable && i < right.length; i++) {
      worst = Math.max(worst, offBy(numbers[i], right[i], bounds[i]));
    }
    return worst;
  }

  /** The share of what is allowed that a number is off by; NaN if it is none. */
  public static double offBy(double actual, double expected, double allowed) {
    return actual == expected || allowed == Double.POSITIVE_INFINITY && Double.isFinite(actual)
        ? 0
        : Math.abs(actual - expected) / allowed;
  }
}
