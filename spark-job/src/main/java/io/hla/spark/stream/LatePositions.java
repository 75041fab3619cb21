package io.hla.spark.stream;

/** What becomes of a row whose position its sequence has passed, or already holds. */
public enum LatePositions {
  /** It ends the query: HLA_INPUT_LATE. */
  FAIL,
  /** It is left out. */
  DROP,
  /** It goes to the output without attention, and a column {@code error} says why. */
  ERROR
}
