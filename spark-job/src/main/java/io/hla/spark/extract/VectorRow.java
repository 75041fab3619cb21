package io.hla.spark.extract;

import io.hla.kernels.Element;
import io.hla.layers.Activations;
import io.hla.spark.table.PackedVectors;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.Platform;

/** A row some of whose columns are vectors of a batch; it is moved from token to token. */
final class VectorRow extends GenericInternalRow implements PackedVectors {
  private static final long serialVersionUID = 1L;

  private final transient Activations[] vectors;
  private final transient UnsafeArrayData[] arrays;
  private int token;

  VectorRow(int columns) {
    super(columns);
    vectors = new Activations[columns];
    arrays = new UnsafeArrayData[columns];
  }

  /** Lets a column show the vectors of a batch. */
  void show(int ordinal, Activations batch) {
    vectors[ordinal] = batch;
    arrays[ordinal] = empty(batch);
  }

  VectorRow at(int index) {
    token = index;
    return this;
  }

  @Override
  public boolean isNullAt(int ordinal) {
    return vectors[ordinal] == null && super.isNullAt(ordinal);
  }

  @Override
  public Object genericGet(int ordinal) {
    if (vectors[ordinal] == null) {
      return super.genericGet(ordinal);
    }
    copyTo(vectors[ordinal], token, arrays[ordinal]);
    return arrays[ordinal];
  }

  @Override
  public int packedWidth(int ordinal) {
    return vectors[ordinal] == null ? -1 : vectors[ordinal].width();
  }

  @Override
  public boolean copyPacked(int ordinal, Object target, long offset) {
    Activations batch = vectors[ordinal];
    if (batch == null) {
      return false;
    }
    Platform.copyMemory(batch.array(), offset(batch, token), target, offset, rowBytes(batch));
    return true;
  }

  /** An array of Spark's with room for a vector of a batch. */
  static UnsafeArrayData empty(Activations batch) {
    return batch.element() == Element.DOUBLE
        ? UnsafeArrayData.fromPrimitiveArray(new double[batch.width()])
        : UnsafeArrayData.fromPrimitiveArray(new float[batch.width()]);
  }

  /** Copies the vector of a token to an array of Spark's. */
  static void copyTo(Activations batch, int token, UnsafeArrayData to) {
    Platform.copyMemory(
        batch.array(), offset(batch, token), to.getBaseObject(), numbers(to), rowBytes(batch));
  }

  /** Copies a column of vectors of the same width and type to the vector of a token. */
  static void copyFrom(InternalRow row, int ordinal, Activations batch, int token) {
    if (row instanceof PackedVectors packed
        && packed.packedWidth(ordinal) == batch.width()
        && packed.copyPacked(ordinal, batch.array(), offset(batch, token))) {
      return;
    }
    copyFrom(row.getArray(ordinal), batch, token);
  }

  private static void copyFrom(ArrayData from, Activations batch, int token) {
    if (from instanceof UnsafeArrayData unsafe) {
      Platform.copyMemory(
          unsafe.getBaseObject(),
          numbers(unsafe),
          batch.array(),
          offset(batch, token),
          rowBytes(batch));
      return;
    }
    int at = token * batch.width();
    for (int i = 0; i < batch.width(); i++) {
      boolean isDouble = batch.element() == Element.DOUBLE;
      batch.set(at + i, isDouble ? from.getDouble(i) : from.getFloat(i));
    }
  }

  private static long numbers(UnsafeArrayData array) {
    return array.getBaseOffset()
        + UnsafeArrayData.calculateHeaderPortionInBytes(array.numElements());
  }

  private static long offset(Activations batch, int token) {
    long start =
        batch.element() == Element.DOUBLE
            ? Platform.DOUBLE_ARRAY_OFFSET
            : Platform.FLOAT_ARRAY_OFFSET;
    return start + token * rowBytes(batch);
  }

  private static long rowBytes(Activations batch) {
    return (long) batch.width() * batch.element().bytes();
  }
}
