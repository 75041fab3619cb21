package io.hla.spark.parquet;

import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.sql.vectorized.ColumnarMap;
import org.apache.spark.unsafe.types.UTF8String;

/** A vector of Spark's over the bytes of a page: nothing in it is null, and nobody else owns it. */
abstract class PageVector extends ColumnVector {
  PageVector(DataType type) {
    super(type);
  }

  @Override
  public void close() {}

  @Override
  public boolean hasNull() {
    return false;
  }

  @Override
  public int numNulls() {
    return 0;
  }

  @Override
  public boolean isNullAt(int row) {
    return false;
  }

  @Override
  public boolean getBoolean(int row) {
    throw of("boolean");
  }

  @Override
  public byte getByte(int row) {
    throw of("byte");
  }

  @Override
  public short getShort(int row) {
    throw of("short");
  }

  @Override
  public int getInt(int row) {
    throw of("int");
  }

  @Override
  public long getLong(int row) {
    throw of("long");
  }

  @Override
  public float getFloat(int row) {
    throw of("float");
  }

  @Override
  public double getDouble(int row) {
    throw of("double");
  }

  @Override
  public ColumnarArray getArray(int row) {
    throw of("array");
  }

  @Override
  public ColumnarMap getMap(int row) {
    throw of("map");
  }

  @Override
  public Decimal getDecimal(int row, int precision, int scale) {
    throw of("decimal");
  }

  @Override
  public UTF8String getUTF8String(int row) {
    throw of("string");
  }

  @Override
  public byte[] getBinary(int row) {
    throw of("binary");
  }

  @Override
  public ColumnVector getChild(int ordinal) {
    throw of("struct");
  }

  private UnsupportedOperationException of(String type) {
    return new UnsupportedOperationException("a " + type + " of " + dataType().simpleString());
  }
}
