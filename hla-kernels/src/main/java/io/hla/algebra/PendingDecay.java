package io.hla.algebra;

import java.util.Arrays;

/**
 * Decay that matrices have not been multiplied by yet. Kernels put it off to the end of a batch of
 * tokens: within one a matrix is the product of two numbers, and no one double holds it to the bit.
 * A state that keeps them apart lets a stream go on with the bits that it would have had.
 *
 * @param tokens of the batch in progress; 0 for none, where nothing is put off
 * @param factors of every matrix of every head, head after head: matrices are their values times
 *     these; empty where there are none
 */
public record PendingDecay(int tokens, double[] factors) {
  /** Nothing is put off. */
  public static final PendingDecay NONE = new PendingDecay(0, new double[0]);

  public PendingDecay {
    factors = factors.clone();
  }

  /** A copy. */
  @Override
  public double[] factors() {
    return factors.clone();
  }

  /** Whether matrices are their values. */
  public boolean isNone() {
    return tokens == 0;
  }

  /** Whether the same decay is put off for the same tokens. */
  public boolean isSame(PendingDecay other) {
    return tokens == other.tokens && Arrays.equals(factors, other.factors);
  }

  /** What the values of a matrix are to be multiplied by, where not {@link #isNone}. */
  double factor(MatrixLayout layout, int head, int m) {
    return factors[head * layout.count() + m];
  }

  /** Multiplies values in a layout by what was put off. */
  public void settle(MatrixLayout layout, double[] values) {
    for (int head = 0; !isNone() && head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        if (layout.owns(head, m)) {
          int from = layout.offset(head, m);
          int end = from + layout.rows(m) * layout.columns(m);
          DoubleRows.scale(values, factor(layout, head, m), from, end);
        }
      }
    }
  }
}
