package io.hla.kernels;

/** A stream of tokens that gives the summary of them all; rows are packed as in {@link Applier}. */
public final class Summarizer implements AutoCloseable {
  private final Algebra algebra;
  private final int step;
  private final Computation computation;
  private final TokenArrays arrays;
  private final Session session;
  private long tokens;

  Summarizer(Algebra algebra, int step, Computation computation, Session session) {
    this.algebra = algebra;
    this.step = step;
    this.computation = computation;
    this.arrays = new TokenArrays(algebra.settings());
    this.session = session;
  }

  /**
   * Adds tokens {@code from} to {@code from + count - 1}; float32 and mixed.
   *
   * @throws IllegalArgumentException if an array is too short, or the precision is float64
   */
  public void add(float[] query, float[] key, float[] value, int from, int count) {
    arrays.check(false, query.length, key.length, value.length, from, count);
    session.process(query, key, value, null, from, count);
    tokens += count;
  }

  /**
   * The same for float64.
   *
   * @throws IllegalArgumentException if an array is too short, or the precision is not float64
   */
  public void add(double[] query, double[] key, double[] value, int from, int count) {
    arrays.check(true, query.length, key.length, value.length, from, count);
    session.process(query, key, value, null, from, count);
    tokens += count;
  }

  /**
   * Adds the first {@code count} tokens of {@code rows}.
   *
   * @throws IllegalArgumentException if the rows hold fewer tokens, or have other widths or another
   *     precision
   */
  public void add(TokenRows rows, int count) {
    arrays.check(rows, count);
    session.process(rows, false, count);
    tokens += count;
  }

  /** The summary of all tokens so far. */
  public Summary summary() {
    double[] all = new double[computation.layout().size()];
    session.read(all);
    MatrixLayout layout = algebra.summaryLayout(step);
    double[] values = new double[layout.size()];
    for (String name : layout.names()) {
      MatrixLayout.copy(name, computation.layout(), all, layout, values);
    }
    layout.unify(values);
    return new Summary(algebra, step, tokens, values);
  }

  @Override
  public void close() {
    session.close();
  }
}
