package io.hla.kernels;

/**
 * A stream of tokens that gives every token its output. Rows are packed: token t of {@code query}
 * stands at {@code t * H * d}, of {@code key} at {@code t * Hkv * d}, of {@code value} at {@code t
 * * Hkv * dv}, of {@code output} at {@code t * H * dv}. Not safe for several threads.
 */
public final class Applier implements AutoCloseable {
  private final Algebra algebra;
  private final TokenArrays arrays;
  private final Session session;
  private long tokens;

  Applier(Algebra algebra, long tokens, Session session) {
    this.algebra = algebra;
    this.arrays = new TokenArrays(algebra.settings());
    this.session = session;
    this.tokens = tokens;
  }

  /**
   * Computes outputs of tokens {@code from} to {@code from + count - 1}; float32 and mixed.
   *
   * @throws IllegalArgumentException if an array is too short, or the precision is float64
   */
  public void apply(
      float[] query, float[] key, float[] value, float[] output, int from, int count) {
    arrays.check(false, query.length, key.length, value.length, output.length, from, count);
    session.process(query, key, value, output, from, count);
    tokens += count;
  }

  /**
   * The same for float64.
   *
   * @throws IllegalArgumentException if an array is too short, or the precision is not float64
   */
  public void apply(
      double[] query, double[] key, double[] value, double[] output, int from, int count) {
    arrays.check(true, query.length, key.length, value.length, output.length, from, count);
    session.process(query, key, value, output, from, count);
    tokens += count;
  }

  /**
   * Computes outputs of the first {@code count} tokens of {@code rows}, in their place.
   *
   * @throws IllegalArgumentException if the rows hold fewer tokens, or have other widths or another
   *     precision
   */
  public void apply(TokenRows rows, int count) {
    arrays.check(rows, count);
    session.process(rows, true, count);
    tokens += count;
  }

  /** The state behind the last token. */
  public State state() {
    double[] values = new double[algebra.stateLayout().size()];
    session.read(values);
    algebra.stateLayout().unify(values);
    return new State(algebra, tokens, values);
  }

  @Override
  public void close() {
    session.close();
  }
}
