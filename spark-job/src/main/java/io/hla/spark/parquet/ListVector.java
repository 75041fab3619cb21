package io.hla.spark.parquet;

import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;

/**
 * The lists of a batch as they lie in the bytes of a page, all of the width that the footer
 * promises. They are read when somebody asks for them; should a page break the promise, Spark's
 * vector takes the place of the bytes.
 */
public final class ListVector extends PageVector {
  private final NumberVector numbers;
  private final int width;
  private final long rowBytes;
  private Runnable loader;
  private ColumnVector sparks;

  /** Lists of {@code width} floats or doubles. */
  ListVector(DataType element, int width) {
    super(new ArrayType(element, true));
    this.numbers = new NumberVector(element);
    this.width = width;
    this.rowBytes = (long) width * element.defaultSize();
  }

  /** Shows lists that {@code loader} is to bring, when they are asked for. */
  void showLater(Runnable loader) {
    this.loader = loader;
  }

  /** Shows the lists that start in {@code bytes} at {@code from}. */
  void show(byte[] bytes, int from) {
    numbers.show(bytes, from);
    sparks = null;
  }

  /** Shows another vector. */
  void show(ColumnVector vector) {
    sparks = vector;
  }

  private boolean isPacked() {
    if (loader != null) {
      Runnable asked = loader;
      loader = null;
      asked.run();
    }
    return sparks == null;
  }

  /** Numbers of every list, as far as the footer tells. */
  public int width() {
    return width;
  }

  /**
   * Copies the numbers of a list as they lie in memory.
   *
   * @param target an array, or null where {@code offset} is an address
   * @return false, and nothing is copied, if the lists do not lie so
   */
  public boolean copy(int row, Object target, long offset) {
    boolean packed = isPacked();
    if (packed) {
      numbers.copy(row * rowBytes, target, offset, rowBytes);
    }
    return packed;
  }

  @Override
  public ColumnarArray getArray(int row) {
    return isPacked() ? new ColumnarArray(numbers, row * width, width) : sparks.getArray(row);
  }

  @Override
  public boolean hasNull() {
    return !isPacked() && sparks.hasNull();
  }

  @Override
  public int numNulls() {
    return isPacked() ? 0 : sparks.numNulls();
  }

  @Override
  public boolean isNullAt(int row) {
    return !isPacked() && sparks.isNullAt(row);
  }

  @Override
  public ColumnVector getChild(int ordinal) {
    return isPacked() ? numbers : sparks.getChild(ordinal);
  }
}
