package io.hla.kernels;

import io.hla.algebra.Computation;
import io.hla.algebra.PendingDecay;

/**
 * One stream of tokens through one {@link Computation}. Lengths were checked by the caller. Used by
 * one thread at a time.
 */
interface Session extends AutoCloseable {

  /** Runs tokens {@code from} to {@code from + count - 1}. */
  void process(Tokens tokens, int from, int count);

  /**
   * Runs the first {@code count} tokens of rows that have the widths of the session.
   *
   * @param withOutput whether their outputs are wanted
   */
  default void process(TokenRows rows, boolean withOutput, int count) {
    HeapRows heap = rows instanceof HeapRows given ? given : HeapRows.copy(rows, count);
    process(heap.tokens(withOutput), 0, count);
    if (withOutput && heap != rows) {
      heap.copyOutputs(rows, count);
    }
  }

  /** Goes on from matrices in the computation's layout, which it may keep and overwrite. */
  void write(double[] matrices);

  /**
   * Goes on from matrices that {@link #read} gave together with decay that was put off. Returns
   * whether it could: where it does not put off the same, it has to be given whole matrices.
   */
  default boolean resume(double[] matrices, PendingDecay pending) {
    return false;
  }

  /** Copies all matrices, in the computation's layout; returns the decay that they still lack. */
  PendingDecay read(double[] matrices);

  /** The product of the decays of all tokens so far, for each head of a gated session. */
  void readProducts(double[] products);

  /** Frees what the session holds outside the Java heap; may be called twice. */
  @Override
  void close();
}
