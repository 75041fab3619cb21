package io.hla.spark.synthetic;

import java.io.Serializable;

/** Sequences and positions between bounds, both of them included. */
record TokenRange(long firstSequence, long lastSequence, long firstPosition, long lastPosition)
    implements Serializable {
  static final TokenRange ALL = new TokenRange(0, Long.MAX_VALUE, 0, Long.MAX_VALUE);

  /** The part whose column seq or pos is {@code value} or more; this range for other columns. */
  TokenRange atLeast(String column, long value) {
    return switch (column) {
      case "seq" ->
          new TokenRange(Math.max(firstSequence, value), lastSequence, firstPosition, lastPosition);
      case "pos" ->
          new TokenRange(firstSequence, lastSequence, Math.max(firstPosition, value), lastPosition);
      default -> this;
    };
  }

  /** The part whose column seq or pos is {@code value} or less; this range for other columns. */
  TokenRange atMost(String column, long value) {
    return switch (column) {
      case "seq" ->
          new TokenRange(firstSequence, Math.min(lastSequence, value), firstPosition, lastPosition);
      case "pos" ->
          new TokenRange(firstSequence, lastSequence, firstPosition, Math.min(lastPosition, value));
      default -> this;
    };
  }
}
