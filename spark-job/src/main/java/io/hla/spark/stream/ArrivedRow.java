package io.hla.spark.stream;

import java.util.Arrays;

/**
 * A token as it came.
 *
 * @param position its place in its sequence
 * @param row the bytes of the row
 * @param wasHeld whether it came with an earlier micro-batch
 */
record ArrivedRow(long position, byte[] row, boolean wasHeld) implements Comparable<ArrivedRow> {

  /**
   * By position; of one position the row that was held is first, and of rows that came together
   * which of them is first follows from their bytes, not from the order in which Spark hands them.
   */
  @Override
  public int compareTo(ArrivedRow other) {
    int order = Long.compare(position, other.position);
    if (order == 0) {
      order = Boolean.compare(other.wasHeld, wasHeld);
    }
    return order == 0 ? Arrays.compareUnsigned(row, other.row) : order;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ArrivedRow that && compareTo(that) == 0;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(position);
  }
}
