package io.hla.kernels;

import io.hla.algebra.Computation;
import io.hla.algebra.PendingDecay;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.algebra.Summary;
import java.util.Objects;

/**
 * A stream of tokens that gives every token its output. Rows are packed: token t of {@code query}
 * stands at {@code t * H * d}, of {@code key} at {@code t * Hkv * d}, of {@code value} at {@code t
 * * Hkv * dv}, of {@code gate} at {@code t * H}, of {@code output} at {@code t * H * dv}.
 *
 * <p>Bits do not depend on how many tokens a call has. A stream that goes on from the {@link
 * #state} of another gives the bits that the other would have given in float64 and float32,
 * wherever it stopped. In mixed, whose states native kernels fold at set places, it equals it
 * within their rounding.
 *
 * <p>For one thread at a time: use by two at once, and after {@link #close}, is an
 * IllegalStateException.
 */
public final class Applier implements AutoCloseable {
  private final AttentionKernel kernel;
  private final Computation computation;
  private final Session session;
  private final Exclusive use = new Exclusive("applier");
  private long tokens;

  Applier(AttentionKernel kernel, State inFront) {
    this.kernel = kernel;
    this.computation = Computation.attending(inFront.settings());
    this.session = kernel.open(computation, computation.matrices(inFront));
    this.tokens = inFront.tokens();
    if (!inFront.pendingDecay().isNone()) {
      write(inFront);
    }
  }

  /**
   * Computes outputs of tokens {@code from} to {@code from + count - 1}, rounded to float.
   *
   * @throws IllegalArgumentException if an array is too short, or the settings are gated
   */
  public void apply(
      float[] query, float[] key, float[] value, float[] output, int from, int count) {
    apply(Tokens.of(query, key, value, null, output), from, count);
  }

  /**
   * The same with a gate for each token and query head.
   *
   * @throws IllegalArgumentException if an array is too short, a gate is not in [0, 1], or the
   *     settings are not gated
   */
  public void apply(
      float[] query,
      float[] key,
      float[] value,
      double[] gate,
      float[] output,
      int from,
      int count) {
    apply(Tokens.of(query, key, value, gate, output), from, count);
  }

  /**
   * Computes outputs of tokens {@code from} to {@code from + count - 1} with precision float64.
   *
   * @throws IllegalArgumentException if an array is too short, the precision is another, or the
   *     settings are gated
   */
  public void apply(
      double[] query, double[] key, double[] value, double[] output, int from, int count) {
    apply(Tokens.of(query, key, value, null, output), from, count);
  }

  /**
   * The same with a gate for each token and query head.
   *
   * @throws IllegalArgumentException if an array is too short, a gate is not in [0, 1], the
   *     precision is another than float64, or the settings are not gated
   */
  public void apply(
      double[] query,
      double[] key,
      double[] value,
      double[] gate,
      double[] output,
      int from,
      int count) {
    apply(Tokens.of(query, key, value, gate, output), from, count);
  }

  private void apply(Tokens arrays, int from, int count) {
    Objects.requireNonNull(arrays.output(), "output");
    arrays.check(computation.settings(), from, count);
    use.during(
        () -> {
          session.process(arrays, from, count);
          tokens += count;
        });
  }

  /**
   * Computes outputs of the first {@code count} tokens of {@code rows}, in their place.
   *
   * @throws IllegalArgumentException if the rows hold fewer tokens, have other widths, or are of
   *     doubles and the precision is not float64
   */
  public void apply(TokenRows rows, int count) {
    rows.check(computation.settings(), count);
    use.during(
        () -> {
          rows.during(() -> session.process(rows, true, count));
          tokens += count;
        });
  }

  private void write(State inFront) {
    PendingDecay pending = inFront.pendingDecay();
    if (pending.isNone() || !session.resume(inFront.unsettled(), pending)) {
      session.write(computation.matrices(inFront));
    }
  }

  /** The state behind the last token. */
  public State state() {
    double[] values = new double[computation.layout().size()];
    PendingDecay pending = use.during(() -> session.read(values));
    return computation.state(tokens, values, pending);
  }

  /** A stream of its own that goes on from here. */
  public Applier fork() {
    return kernel.applier(state());
  }

  /**
   * Goes on from another state.
   *
   * @throws StateException if it has other settings
   */
  public void reset(State inFront) {
    StateException.checkSame("go on from a state", computation.settings(), inFront.settings());
    use.during(
        () -> {
          write(inFront);
          tokens = inFront.tokens();
        });
  }

  /**
   * Goes on behind a segment that another stream has summarized, without its tokens.
   *
   * @throws StateException if it has other settings
   * @throws IllegalArgumentException if the operator's summaries depend on what stands in front of
   *     them, see {@link Summary#steps}
   */
  public void advance(Summary segment) {
    if (Summary.steps(computation.settings()) > 1) {
      throw new IllegalArgumentException(
          "advance needs an operator of one scan step, not " + computation.settings().operator());
    }
    reset(state().advance(segment));
  }

  @Override
  public void close() {
    if (use.close()) {
      session.close();
    }
  }
}
