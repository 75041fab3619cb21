package io.hla.spark.input;

import io.hla.spark.InputException;
import java.io.Serializable;

/**
 * Sizes that follow from the lengths of a row's arrays and the head counts.
 *
 * @param headDim d
 * @param valueDim dv
 */
public record HeadSizes(int headDim, int valueDim) implements Serializable {
  /** Of a table without rows. */
  static final HeadSizes EMPTY = new HeadSizes(1, 1);

  /** Lengths are -1 where the array is null. */
  static HeadSizes of(
      TokenColumns columns, int query, int key, int value, int numHeads, int numKvHeads) {
    notNull(columns.query(), query);
    notNull(columns.key(), key);
    notNull(columns.value(), value);
    divides(columns.query(), query, numHeads, "num-heads");
    divides(columns.key(), key, numKvHeads, "num-kv-heads");
    divides(columns.value(), value, numKvHeads, "num-kv-heads");
    int headDim = query / numHeads;
    if (key / numKvHeads != headDim) {
      throw new InputException(
          "HLA_INPUT_WIDTH",
          String.format(
              "%s has %d values in the first row, expected %d (%d KV heads x %d, as %s has %d heads"
                  + " x %d)",
              columns.key(),
              key,
              numKvHeads * headDim,
              numKvHeads,
              headDim,
              columns.query(),
              numHeads,
              headDim));
    }
    return new HeadSizes(headDim, value / numKvHeads);
  }

  private static void notNull(String column, int length) {
    if (length < 0) {
      throw new InputException(
          "HLA_INPUT_NULL", String.format("%s is null in the first row", column));
    }
  }

  private static void divides(String column, int length, int heads, String option) {
    if (length == 0 || length % heads != 0) {
      throw new InputException(
          "HLA_INPUT_WIDTH",
          String.format(
              "%s has %d values in the first row, expected a positive multiple of %s %d",
              column, length, option, heads));
    }
  }
}
