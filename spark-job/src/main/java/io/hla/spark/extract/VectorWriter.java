package io.hla.spark.extract;

import io.hla.kernels.Element;
import io.hla.layers.Activations;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.unsafe.Platform;

/** Vectors as an output column holds them; what it gives is valid until the next vector. */
final class VectorWriter {
  private final VectorType type;
  private final boolean l2;
  private final double[] numbers;
  private final UnsafeArrayData array;
  private final long data;
  private final ByteBuffer halves;

  /**
   * @param l2 whether vectors are divided by their Euclidean norms; one of zeros stays as it is
   * @param width of the vectors
   */
  VectorWriter(VectorType type, boolean l2, int width) {
    this.type = type;
    this.l2 = l2;
    numbers = new double[width];
    array =
        switch (type) {
          case FLOAT -> UnsafeArrayData.fromPrimitiveArray(new float[width]);
          case DOUBLE -> UnsafeArrayData.fromPrimitiveArray(new double[width]);
          case HALF -> null;
        };
    data =
        array == null
            ? 0
            : array.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(width);
    halves =
        type == VectorType.HALF
            ? ByteBuffer.allocate(2 * width).order(ByteOrder.LITTLE_ENDIAN)
            : null;
  }

  /** The vector of a token of a batch. */
  Object write(Activations batch, int token) {
    boolean same =
        !l2
            && (type == VectorType.DOUBLE && batch.element() == Element.DOUBLE
                || type == VectorType.FLOAT && batch.element() == Element.FLOAT);
    if (same) {
      VectorRow.copyTo(batch, token, array);
      return array;
    }
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = batch.get(token * numbers.length + i);
    }
    return write();
  }

  /** A vector of doubles, of the width. */
  Object write(double[] vector) {
    System.arraycopy(vector, 0, numbers, 0, numbers.length);
    return write();
  }

  private Object write() {
    if (l2) {
      double sum = 0;
      for (double number : numbers) {
        sum += number * number;
      }
      double norm = Math.sqrt(sum);
      for (int i = 0; norm > 0 && i < numbers.length; i++) {
        numbers[i] /= norm;
      }
    }
    for (int i = 0; i < numbers.length; i++) {
      switch (type) {
        case FLOAT ->
            Platform.putFloat(
                array.getBaseObject(), data + (long) Float.BYTES * i, (float) numbers[i]);
        case DOUBLE ->
            Platform.putDouble(array.getBaseObject(), data + (long) Double.BYTES * i, numbers[i]);
        case HALF -> halves.putShort(2 * i, Half.of(numbers[i]));
      }
    }
    return type == VectorType.HALF ? halves.array().clone() : array;
  }
}
