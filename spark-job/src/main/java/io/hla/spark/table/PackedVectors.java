package io.hla.spark.table;

/** A row some of whose arrays lie in memory as numbers and nothing else, and can be copied so. */
public interface PackedVectors {

  /** Numbers that the array in a column should have; -1 if it surely does not lie packed. */
  int packedWidth(int ordinal);

  /**
   * Copies the numbers of a packed array, in the machine's byte order and the column's type.
   *
   * @param target a primitive array, or null where {@code offset} is an address
   * @param offset from the start of the array as an object, as {@code Platform} counts
   * @return false, and nothing is copied, if the array does not lie packed: it may be another one
   */
  boolean copyPacked(int ordinal, Object target, long offset);
}
