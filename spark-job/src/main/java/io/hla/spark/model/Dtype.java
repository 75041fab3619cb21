package io.hla.spark.model;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;

/** The number types of a safetensors file that are read; all widen to double without loss. */
enum Dtype {
  F64(8),
  F32(4),
  F16(2),
  BF16(2);

  /** Bytes of the types that the format has besides, so that their ranges are checked as well. */
  private static final Map<String, Integer> OTHERS =
      Map.ofEntries(
          Map.entry("BOOL", 1),
          Map.entry("U8", 1),
          Map.entry("I8", 1),
          Map.entry("F8_E4M3", 1),
          Map.entry("F8_E5M2", 1),
          Map.entry("F8_E8M0", 1),
          Map.entry("I16", 2),
          Map.entry("U16", 2),
          Map.entry("I32", 4),
          Map.entry("U32", 4),
          Map.entry("I64", 8),
          Map.entry("U64", 8),
          Map.entry("C64", 8));

  final int bytes;

  Dtype(int bytes) {
    this.bytes = bytes;
  }

  /** The type of that name, or null for one that is not read. */
  static Dtype of(String name) {
    return Arrays.stream(values())
        .filter(dtype -> dtype.name().equals(name))
        .findFirst()
        .orElse(null);
  }

  /** Bytes of one number, 0 for a type that is not known. */
  static int bytes(String name) {
    Dtype dtype = of(name);
    return dtype == null ? OTHERS.getOrDefault(name, 0) : dtype.bytes;
  }

  /** Decodes the first {@code count} numbers of little-endian {@code from} to {@code to[at..]}. */
  void decode(ByteBuffer from, double[] to, int at, int count) {
    switch (this) {
      case F64 -> from.asDoubleBuffer().get(to, at, count);
      case F32 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = from.getFloat(4 * i);
        }
      }
      case F16 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = half(from.getShort(2 * i));
        }
      }
      case BF16 -> {
        for (int i = 0; i < count; i++) {
          to[at + i] = Float.intBitsToFloat(from.getShort(2 * i) << 16);
        }
      }
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
