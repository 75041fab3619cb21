package io.hla.spark.extract;

/** IEEE 754 binary16: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. */
final class Half {
  /** Half way from the largest number to where the next one would stand. */
  private static final double OVERFLOW = 65520;

  private static final double SMALLEST_NORMAL = 0x1p-14;

  private Half() {}

  /** The nearest one, ties to even; infinity from half an ulp beyond the largest on. */
  static short of(double number) {
    int sign = (int) (Double.doubleToRawLongBits(number) >>> 63) << 15;
    double magnitude = Math.abs(number);
    int bits;
    if (Double.isNaN(number)) {
      bits = 0x7E00;
    } else if (magnitude >= OVERFLOW) {
      bits = 0x7C00;
    } else if (magnitude < SMALLEST_NORMAL) {
      bits = (int) Math.rint(magnitude * 0x1p24);
    } else {
      int exponent = Math.getExponent(magnitude);
      // From 1024 to 2048: a carry to 2048 makes the exponent one more, as it should.
      int fraction = (int) Math.rint(Math.scalb(magnitude, 10 - exponent));
      bits = (exponent + 14 << 10) + fraction;
    }
    return (short) (sign | bits);
  }
}
