package io.hla.spark.parquet;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.Platform;

/** Little-endian floats or doubles in a row. */
final class NumberVector extends PageVector {
  private byte[] bytes;
  private long start;

  NumberVector(DataType type) {
    super(type);
  }

  /** Shows the numbers that start in {@code bytes} at {@code from}. */
  void show(byte[] bytes, int from) {
    this.bytes = bytes;
    this.start = Platform.BYTE_ARRAY_OFFSET + (long) from;
  }

  /** Copies bytes as they lie. */
  void copy(long from, Object target, long offset, long length) {
    Platform.copyMemory(bytes, start + from, target, offset, length);
  }

  @Override
  public float getFloat(int row) {
    return Platform.getFloat(bytes, start + (long) Float.BYTES * row);
  }

  @Override
  public double getDouble(int row) {
    return Platform.getDouble(bytes, start + (long) Double.BYTES * row);
  }

  @Override
  public float[] getFloats(int row, int count) {
    float[] floats = new float[count];
    copy((long) Float.BYTES * row, floats, Platform.FLOAT_ARRAY_OFFSET, (long) Float.BYTES * count);
    return floats;
  }

  @Override
  public double[] getDoubles(int row, int count) {
    double[] doubles = new double[count];
    copy(
        (long) Double.BYTES * row,
        doubles,
        Platform.DOUBLE_ARRAY_OFFSET,
        (long) Double.BYTES * count);
    return doubles;
  }
}
