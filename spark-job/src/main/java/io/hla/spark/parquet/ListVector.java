package io.hla.spark.parquet;

import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;

/** The lists of a batch, all of one width, as they lie in the bytes of a page. */
public final class ListVector extends PageVector {
  private final NumberVector numbers;
  private final int width;
  private final long rowBytes;

  /** Lists of {@code width} floats or doubles. */
  ListVector(DataType element, int width) {
    super(new ArrayType(element, false));
    this.numbers = new NumberVector(element);
    this.width = width;
    this.rowBytes = (long) width * element.defaultSize();
  }

  /** Shows the lists that start in {@code bytes} at {@code from}. */
  void show(byte[] bytes, int from) {
    numbers.show(bytes, from);
  }

  /** Numbers of every list. */
  public int width() {
    return width;
  }

  /**
   * Copies the numbers of a list as they lie in memory.
   *
   * @param target an array, or null where {@code offset} is an address
   */
  public void copy(int row, Object target, long offset) {
    numbers.copy(row * rowBytes, target, offset, rowBytes);
  }

  @Override
  public ColumnarArray getArray(int row) {
    return new ColumnarArray(numbers, row * width, width);
  }

  @Override
  public ColumnVector getChild(int ordinal) {
    return numbers;
  }
}
