package io.hla.spark.parquet;

import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;

/**
 * The lists of a batch, all of the width that the footer promises, as they lie in the bytes of a
 * page. They are brought when somebody asks for them, page after page: a list is good until one of
 * another row is asked for. Should a page break the promise, or rows be asked for that have gone
 * by, Spark's vector takes the place of the bytes.
 */
public final class ListVector extends PageVector {
  private final NumberVector numbers;
  private final int width;
  private final long rowBytes;
  private final Pages pages;

  /** The rows of the batch that are shown. */
  private int from;

  private int to;

  /** Null while lists are shown as they lie in pages. */
  private ColumnVector sparks;

  /** Where the lists come from. */
  interface Pages {
    /** Shows those of a page that holds a row of the batch, or Spark's vector. */
    void bring(int row);

    /** Shows Spark's vector, which holds the whole batch. */
    void handOver();
  }

  /** Lists of {@code width} floats or doubles, none of which is shown. */
  ListVector(DataType element, int width, Pages pages) {
    super(new ArrayType(element, true));
    this.numbers = new NumberVector(element);
    this.width = width;
    this.rowBytes = (long) width * element.defaultSize();
    this.pages = pages;
  }

  /** Begins another batch. */
  void clear() {
    from = 0;
    to = 0;
    sparks = null;
  }

  /**
   * Shows the lists of rows [from, to), the first of which starts in {@code bytes} at {@code at}.
   */
  void show(int from, int to, byte[] bytes, int at) {
    this.from = from;
    this.to = to;
    numbers.show(bytes, at);
  }

  /** Shows another vector. */
  void show(ColumnVector vector) {
    sparks = vector;
  }

  private boolean isPacked(int row) {
    if (sparks == null && (row < from || row >= to)) {
      pages.bring(row);
    }
    return sparks == null;
  }

  private ColumnVector whole() {
    if (sparks == null) {
      pages.handOver();
    }
    return sparks;
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
    boolean packed = isPacked(row);
    if (packed) {
      numbers.copy((row - from) * rowBytes, target, offset, rowBytes);
    }
    return packed;
  }

  @Override
  public ColumnarArray getArray(int row) {
    return isPacked(row)
        ? new ColumnarArray(numbers, (row - from) * width, width)
        : sparks.getArray(row);
  }

  @Override
  public boolean hasNull() {
    return whole().hasNull();
  }

  @Override
  public int numNulls() {
    return whole().numNulls();
  }

  @Override
  public boolean isNullAt(int row) {
    return !isPacked(row) && sparks.isNullAt(row);
  }

  @Override
  public ColumnVector getChild(int ordinal) {
    return whole().getChild(ordinal);
  }
}
