package io.hla.kernels;

/**
 * A stream of tokens that gives the summary of them all; rows are packed, and threads excluded, as
 * in {@link Applier}.
 */
public final class Summarizer implements AutoCloseable {
  private final Algebra algebra;
  private final int step;
  private final Computation computation;
  private final Session session;
  private final Exclusive use = new Exclusive("summarizer");
  private long tokens;

  Summarizer(AttentionKernel kernel, int step, State inFront) {
    algebra = inFront.algebra();
    this.step = step;
    computation = algebra.summarizing(step);
    double[] matrices = new double[computation.layout().size()];
    for (String name : algebra.step(step).given()) {
      MatrixLayout.copy(
          name, algebra.stateLayout(), inFront.values(), computation.layout(), matrices);
    }
    session = kernel.open(computation, matrices);
  }

  /**
   * Adds tokens {@code from} to {@code from + count - 1}.
   *
   * @throws IllegalArgumentException if an array is too short, or the settings are gated
   */
  public void add(float[] query, float[] key, float[] value, int from, int count) {
    add(Tokens.of(query, key, value, null, null), from, count);
  }

  /**
   * The same with a gate for each token and query head.
   *
   * @throws IllegalArgumentException if an array is too short, a gate is not in [0, 1], or the
   *     settings are not gated
   */
  public void add(float[] query, float[] key, float[] value, double[] gate, int from, int count) {
    add(Tokens.of(query, key, value, gate, null), from, count);
  }

  /**
   * Adds tokens with precision float64.
   *
   * @throws IllegalArgumentException if an array is too short, the precision is another, or the
   *     settings are gated
   */
  public void add(double[] query, double[] key, double[] value, int from, int count) {
    add(Tokens.of(query, key, value, null, null), from, count);
  }

  /**
   * The same with a gate for each token and query head.
   *
   * @throws IllegalArgumentException if an array is too short, a gate is not in [0, 1], the
   *     precision is another than float64, or the settings are not gated
   */
  public void add(
      double[] query, double[] key, double[] value, double[] gate, int from, int count) {
    add(Tokens.of(query, key, value, gate, null), from, count);
  }

  private void add(Tokens arrays, int from, int count) {
    arrays.check(algebra.settings(), from, count);
    use.enter();
    try {
      session.process(arrays, from, count);
      tokens += count;
    } finally {
      use.leave();
    }
  }

  /**
   * Adds the first {@code count} tokens of {@code rows}.
   *
   * @throws IllegalArgumentException if the rows hold fewer tokens, have other widths, or are of
   *     doubles and the precision is not float64
   */
  public void add(TokenRows rows, int count) {
    rows.check(algebra.settings(), count);
    use.enter();
    try {
      rows.use(() -> session.process(rows, false, count));
      tokens += count;
    } finally {
      use.leave();
    }
  }

  /** The summary of all tokens so far. */
  public Summary summary() {
    double[] all = new double[computation.layout().size()];
    double[] products = new double[algebra.settings().gateWidth()];
    use.enter();
    try {
      session.read(all);
      session.readProducts(products);
    } finally {
      use.leave();
    }
    MatrixLayout layout = algebra.summaryLayout(step);
    double[] values = new double[layout.size()];
    for (String name : layout.names()) {
      MatrixLayout.copy(name, computation.layout(), all, layout, values);
    }
    layout.unify(values);
    return new Summary(algebra, step, tokens, values, algebra.settings().gated() ? products : null);
  }

  @Override
  public void close() {
    if (use.close()) {
      session.close();
    }
  }
}
