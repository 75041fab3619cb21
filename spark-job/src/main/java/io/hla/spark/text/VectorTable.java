package io.hla.spark.text;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.unsafe.Platform;

/**
 * Vectors of one width, packed row after row: floats, or doubles for float64. Java serialization
 * writes the array in one piece, and a row reaches Spark by one copy of memory.
 */
final class VectorTable implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int width;
  private final float[] floats;
  private final double[] doubles;

  /**
   * A table of zeros.
   *
   * @throws ArithmeticException if it has more than 2^31 - 1 numbers
   */
  VectorTable(int rows, int width, boolean isDouble) {
    int size = Math.multiplyExact(rows, width);
    this.width = width;
    floats = isDouble ? null : new float[size];
    doubles = isDouble ? new double[size] : null;
  }

  /** Sets one row, rounding to float unless the table is of doubles. */
  void set(int row, double[] values) {
    int at = row * width;
    for (int i = 0; i < width; i++) {
      if (floats == null) {
        doubles[at + i] = values[i];
      } else {
        floats[at + i] = (float) values[i];
      }
    }
  }

  /** Copies one row to {@code to[at..]}. */
  void copy(int row, double[] to, int at) {
    for (int i = 0; i < width; i++) {
      to[at + i] = floats == null ? doubles[row * width + i] : floats[row * width + i];
    }
  }

  /** Copies one row of floats to {@code to[at..]}. */
  void copy(int row, float[] to, int at) {
    System.arraycopy(floats, row * width, to, at, width);
  }

  /** One row as Spark holds an array inside rows. */
  UnsafeArrayData array(int row) {
    int bytes = floats == null ? Double.BYTES : Float.BYTES;
    UnsafeArrayData array = UnsafeArrayData.createFreshArray(width, bytes);
    long header = UnsafeArrayData.calculateHeaderPortionInBytes(width);
    long from = (long) row * width * bytes;
    Platform.copyMemory(
        floats == null ? doubles : floats,
        from + (floats == null ? Platform.DOUBLE_ARRAY_OFFSET : Platform.FLOAT_ARRAY_OFFSET),
        array.getBaseObject(),
        array.getBaseOffset() + header,
        (long) width * bytes);
    return array;
  }
}
