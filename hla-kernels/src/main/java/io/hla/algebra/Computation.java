package io.hla.algebra;

/**
 * What a kernel runs: a program under settings, its matrices laid out in one array. The seam
 * between the algebra and those who compute it: matrices go in from a state, and come out as a
 * state or as the summary of a segment.
 */
public final class Computation {
  private static final int OUTPUTS = -1;

  private final Algebra algebra;
  private final int step;
  private final Program program;
  private final MatrixLayout layout;

  private Computation(Algebra algebra, int step, Program program, MatrixLayout layout) {
    this.algebra = algebra;
    this.step = step;
    this.program = program;
    this.layout = layout;
  }

  /** What gives outputs. */
  public static Computation attending(AttentionSettings settings) {
    Algebra algebra = Algebra.of(settings);
    return new Computation(algebra, OUTPUTS, algebra.outputs(), algebra.stateLayout());
  }

  /**
   * What gives the summaries of a scan step.
   *
   * @throws StateException if there is no such step
   */
  public static Computation summarizing(AttentionSettings settings, int step) {
    Algebra algebra = Algebra.of(settings);
    Program program = algebra.step(step).program();
    return new Computation(
        algebra, step, program, new MatrixLayout(program, program.matrices(), settings));
  }

  /** The same matrices under another output. */
  public Computation with(Program other) {
    return new Computation(algebra, step, other, layout);
  }

  public AttentionSettings settings() {
    return algebra.settings();
  }

  public Program program() {
    return program;
  }

  /** Where the matrices stand in an array. */
  public MatrixLayout layout() {
    return layout;
  }

  /**
   * The arithmetic that is used. Mixed precision computes in double where an output is a
   * difference: of the published forms, of sums that grow far beyond it.
   */
  public Precision arithmetic() {
    boolean subtracts = program.output().stream().anyMatch(term -> term.coefficient() < 0);
    return settings().precision() == Precision.MIXED && subtracts
        ? Precision.FLOAT64
        : settings().precision();
  }

  /**
   * The matrices in front of the first token: all of a state for outputs; for summaries those that
   * earlier steps have found, and zeros.
   */
  public double[] matrices(State inFront) {
    if (step == OUTPUTS) {
      return inFront.values();
    }
    double[] from = inFront.values();
    double[] matrices = new double[layout.size()];
    for (String name : algebra.step(step).given()) {
      MatrixLayout.copy(name, algebra.stateLayout(), from, layout, matrices);
    }
    return matrices;
  }

  /** The state behind some tokens, from the matrices behind the last; keeps the array. */
  public State state(long tokens, double[] matrices) {
    return state(tokens, matrices, PendingDecay.NONE);
  }

  /** The same with decay that the matrices still lack. */
  public State state(long tokens, double[] matrices, PendingDecay pending) {
    layout.mirror(matrices);
    return new State(algebra, tokens, matrices, pending);
  }

  /**
   * The summary of a segment, from the matrices behind its last token.
   *
   * @param products of the decays of each head; looked at with gates only
   */
  public Summary summary(long tokens, double[] matrices, double[] products) {
    MatrixLayout own = algebra.summaryLayout(step);
    double[] values = new double[own.size()];
    for (String name : own.names()) {
      MatrixLayout.copy(name, layout, matrices, own, values);
    }
    own.mirror(values);
    return new Summary(algebra, step, tokens, values, settings().gated() ? products : null);
  }
}
