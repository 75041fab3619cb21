package io.hla.spark.table;

import io.hla.spark.InputException;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * Sizes that follow from the lengths of a row's arrays and the head counts.
 *
 * @param headDim d
 * @param valueDim dv
 */
public record HeadSizes(int headDim, int valueDim) implements Serializable {
  /** Of a table without rows. */
  public static final HeadSizes EMPTY = new HeadSizes(1, 1);

  /**
   * The sizes that q, k and v of a first row tell; a length of -1 stands for null.
   *
   * @throws InputException HLA_INPUT_NULL or HLA_INPUT_WIDTH
   */
  static HeadSizes of(List<String> names, int[] lengths, int numHeads, int numKvHeads) {
    for (int i = 0; i < 3; i++) {
      notNull(names.get(i), lengths[i]);
    }
    int query = lengths[0];
    int key = lengths[1];
    int value = lengths[2];
    divides(names.get(0), query, numHeads, "num-heads");
    divides(names.get(1), key, numKvHeads, "num-kv-heads");
    divides(names.get(2), value, numKvHeads, "num-kv-heads");
    int headDim = query / numHeads;
    if (key / numKvHeads != headDim) {
      throw new InputException(
          "HLA_INPUT_WIDTH",
          String.format(
              Locale.ROOT,
              "%s has %d values in the first row, expected %d (%d KV heads x %d, as %s has %d heads"
                  + " x %d)",
              names.get(1),
              key,
              numKvHeads * headDim,
              numKvHeads,
              headDim,
              names.get(0),
              numHeads,
              headDim));
    }
    return new HeadSizes(headDim, value / numKvHeads);
  }

  private static void notNull(String column, int length) {
    if (length < 0) {
      throw new InputException(
          "HLA_INPUT_NULL", String.format(Locale.ROOT, "%s is null in the first row", column));
    }
  }

  private static void divides(String column, int length, int heads, String option) {
    if (length == 0 || length % heads != 0) {
      throw new InputException(
          "HLA_INPUT_WIDTH",
          String.format(
              Locale.ROOT,
              "%s has %d values in the first row, expected a positive multiple of %s %d",
              column,
              length,
              option,
              heads));
    }
  }
}
