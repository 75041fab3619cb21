package io.hla.spark.synthetic;

import java.io.Serializable;

/** Sequences and positions between bounds, both of them included. */
record ScanRange(long firstSequence, long lastSequence, long firstPosition, long lastPosition)
    implements Serializable {
  static final ScanRange ALL = new ScanRange(0, Long.MAX_VALUE, 0, Long.MAX_VALUE);

  /** The part whose column seq or pos is {@code value} or more; this range for other columns. */
  ScanRange atLeast(String column, long value) {
    return switch (column) {
      case "seq" ->
          new ScanRange(Math.max(firstSequence, value), lastSequence, firstPosition, lastPosition);
      case "pos" ->
          new ScanRange(firstSequence, lastSequence, Math.max(firstPosition, value), lastPosition);
      default -> this;
    };
  }

  /** The part whose column seq or pos is {@code value} or less; this range for other columns. */
  ScanRange atMost(String column, long value) {
    return switch (column) {
      case "seq" ->
          new ScanRange(firstSequence, Math.min(lastSequence, value), firstPosition, lastPosition);
      case "pos" ->
          new ScanRange(firstSequence, lastSequence, firstPosition, Math.min(lastPosition, value));
      default -> this;
    };
  }
}
