package io.hla.spark.text;

import io.hla.spark.InputException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Locale;

/** The number types of a safetensors file that are read; all widen to double without loss. */
enum Dtype {
  F64(8),
  F32(4),
  F16(2),
  BF16(2);

  final int bytes;

  Dtype(int bytes) {
    this.bytes = bytes;
  }

  /** The dtype of a tensor. Throws {@link InputException} HLA_MODEL_TENSOR for any other. */
  static Dtype of(String file, Safetensors.Tensor tensor) {
    return Arrays.stream(values())
        .filter(dtype -> dtype.name().equals(tensor.dtype()))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "HLA_MODEL_TENSOR",
                    String.format(
                        Locale.ROOT,
                        "%s holds %s as %s, expected one of %s",
                        file,
                        tensor.name(),
                        tensor.dtype(),
                        Arrays.toString(values()))));
  }

  /** Bytes of one number, 0 for a dtype that is not read. */
  static int bytes(String name) {
    return Arrays.stream(values())
        .filter(dtype -> dtype.name().equals(name))
        .mapToInt(dtype -> dtype.bytes)
        .findFirst()
        .orElse(0);
  }

  /** Decodes the first {@code count} numbers of little-endian {@code from} to {@code to[at..]}. */
  void decode(ByteBuffer from, double[] to, int at, int count) {
    for (int i = 0; i < count; i++) {
      to[at + i] =
          switch (this) {
            case F64 -> from.getDouble(8 * i);
            case F32 -> from.getFloat(4 * i);
            case F16 -> half(from.getShort(2 * i));
            case BF16 -> Float.intBitsToFloat(from.getShort(2 * i) << 16);
          };
    }
  }

  /** IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. */
  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    float magnitude =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 0x1F -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Float.intBitsToFloat(exponent - 15 + 127 << 23 | fraction << 13);
        };
    return bits < 0 ? -magnitude : magnitude;
  }
}
