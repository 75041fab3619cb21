package io.hla.spark.extract;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * Tokens of one group, one behind the other: their vectors pooled so far in double, and the log
 * probabilities of the tokens behind them.
 */
final class PooledGroup {
  private final Pooling.Kind kind;
  private final double[] vector;
  private long tokens;
  private double score;
  private long scored;

  /** {@code width} of the vectors, 0 for none. */
  PooledGroup(Pooling.Kind kind, int width) {
    this.kind = kind;
    vector = new double[width];
  }

  void clear() {
    tokens = 0;
    score = 0;
    scored = 0;
  }

  long tokens() {
    return tokens;
  }

  /**
   * Adds what stands behind it.
   *
   * @param pooled vector of doubles of one token or, for a mean, the sum of several; null for none
   * @param more tokens
   */
  void add(ArrayData pooled, long more) {
    for (int i = 0; i < vector.length; i++) {
      double number = pooled.getDouble(i);
      vector[i] =
          tokens == 0 || kind == Pooling.Kind.LAST
              ? number
              : kind == Pooling.Kind.MEAN ? vector[i] + number : Math.max(vector[i], number);
    }
    tokens += more;
  }

  /** Adds log probabilities of {@code more} tokens. */
  void addScore(double sum, long more) {
    score += sum;
    scored += more;
  }

  /** Adds the score of a row if it has one. */
  void addScore(InternalRow row, int ordinal) {
    if (!row.isNullAt(ordinal)) {
      addScore(row.getDouble(ordinal), 1);
    }
  }

  /** What was added, as {@link #add} takes it. */
  UnsafeArrayData vector() {
    return UnsafeArrayData.fromPrimitiveArray(vector);
  }

  double score() {
    return score;
  }

  long scored() {
    return scored;
  }

  /** The vector of the group; changes this one. */
  double[] pooled() {
    for (int i = 0; kind == Pooling.Kind.MEAN && i < vector.length; i++) {
      vector[i] /= tokens;
    }
    return vector;
  }

  /** The mean log probability, null if there is none. */
  Double meanScore() {
    return scored == 0 ? null : score / scored;
  }
}
