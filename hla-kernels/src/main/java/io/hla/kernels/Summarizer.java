package io.hla.kernels;

import io.hla.algebra.Computation;
import io.hla.algebra.State;
import io.hla.algebra.Summary;

/**
 * A stream of tokens that gives the summary of them all; rows are packed, and threads excluded, as
 * in {@link Applier}.
 */
public final class Summarizer implements AutoCloseable {
  private final Computation computation;
  private final Session session;
  private final Exclusive use = new Exclusive("summarizer");
  private long tokens;

  Summarizer(AttentionKernel kernel, int step, State inFront) {
    computation = Computation.summarizing(inFront.settings(), step);
    session = kernel.open(computation, computation.matrices(inFront));
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
    arrays.check(computation.settings(), from, count);
    use.during(
        () -> {
          session.process(arrays, from, count);
          tokens += count;
        });
  }

  /**
   * Adds the first {@code count} tokens of {@code rows}.
   *
   * @throws IllegalArgumentException if the rows hold fewer tokens, have other widths, or are of
   *     doubles and the precision is not float64
   */
  public void add(TokenRows rows, int count) {
    rows.check(computation.settings(), count);
    use.during(
        () -> {
          rows.during(() -> session.process(rows, false, count));
          tokens += count;
        });
  }

  /** The summary of all tokens so far. */
  public Summary summary() {
    double[] all = new double[computation.layout().size()];
    double[] products = new double[computation.settings().gateWidth()];
    use.during(
        () -> {
          session.read(all).settle(computation.layout(), all);
          session.readProducts(products);
        });
    return computation.summary(tokens, all, products);
  }

  @Override
  public void close() {
    if (use.close()) {
      session.close();
    }
  }
}
