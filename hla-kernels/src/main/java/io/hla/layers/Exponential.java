package io.hla.layers;

/**
 * exp and log by fused multiply-adds alone, so that the kernels in C (hla_exponential.h,
 * hla_norms.c) give the same bits.
 *
 * <p>exp(x) = 2^n exp(r), with n the integer next to x / log 2, so that |r| is at most 0.35 and
 * Taylor's series ends early; errors stay below 1 unit in the last place (1.5 where the result is
 * denormal). log(2^k (1 + f)) = k log 2 + f - s (f - R), with s = f / (2 + f) and 2 s + s R the
 * series of 2 artanh(s) = log(1 + f); below 1 unit as well.
 */
final class Exponential {
  private static final double LOG2_E = 0x1.71547652b82fep0;
  private static final double LN2_HIGH = 0x1.62e42feep-1;
  private static final double LN2_LOW = 0x1.a39ef35793c76p-33;

  /** Added and taken away again it rounds to an integer, which stands in the last bits between. */
  private static final double ROUNDING = 0x1.8p52;

  /** 1 / 13!, 1 / 12!, .. 1 / 0!. */
  private static final double[] TAYLOR = {
    1 / 6227020800.,
    1 / 479001600.,
    1 / 39916800.,
    1 / 3628800.,
    1 / 362880.,
    1 / 40320.,
    1 / 5040.,
    1 / 720.,
    1 / 120.,
    1 / 24.,
    1 / 6.,
    1 / 2.,
    1,
    1
  };

  private static final double[] ARTANH = {
    2 / 25., 2 / 23., 2 / 21., 2 / 19., 2 / 17., 2 / 15., 2 / 13., 2 / 11., 2 / 9., 2 / 7., 2 / 5.,
    2 / 3.
  };

  private static final float FLOAT_LOG2_E = 0x1.715476p0f;
  private static final float FLOAT_LN2_HIGH = 0x1.62ep-1f;
  private static final float FLOAT_LN2_LOW = 0x1.0bfbe8p-15f;
  private static final float FLOAT_ROUNDING = 0x1.8p23f;
  private static final float[] FLOAT_TAYLOR = {
    1 / 5040f, 1 / 720f, 1 / 120f, 1 / 24f, 1 / 6f, 1 / 2f, 1, 1
  };

  private static final double SQRT_2 = 0x1.6a09e667f3bcdp0;

  private Exponential() {}

  /** exp(x); 0 below -746, infinity from 710 on. */
  static double exp(double x) {
    x = x > 710 ? 710 : x;
    x = x < -746 ? -746 : x;
    double shifted = Math.fma(x, LOG2_E, ROUNDING);
    double n = shifted - ROUNDING;
    double r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    double sum = TAYLOR[0];
    for (int i = 1; i < TAYLOR.length; i++) {
      sum = Math.fma(sum, r, TAYLOR[i]);
    }
    // In two steps, since 2^n may be out of range where the result is not.
    long whole = Double.doubleToRawLongBits(shifted) - Double.doubleToRawLongBits(ROUNDING);
    long half = whole >> 1;
    return sum
        * Double.longBitsToDouble(half + 1023 << 52)
        * Double.longBitsToDouble(whole - half + 1023 << 52);
  }

  /** exp(x) in float; 0 below -105, infinity from 89 on. */
  static float exp(float x) {
    x = x > 89 ? 89 : x;
    x = x < -105 ? -105 : x;
    float shifted = Math.fma(x, FLOAT_LOG2_E, FLOAT_ROUNDING);
    float n = shifted - FLOAT_ROUNDING;
    float r = Math.fma(n, -FLOAT_LN2_LOW, Math.fma(n, -FLOAT_LN2_HIGH, x));
    float sum = FLOAT_TAYLOR[0];
    for (int i = 1; i < FLOAT_TAYLOR.length; i++) {
      sum = Math.fma(sum, r, FLOAT_TAYLOR[i]);
    }
    int whole = Float.floatToRawIntBits(shifted) - Float.floatToRawIntBits(FLOAT_ROUNDING);
    int half = whole >> 1;
    return sum
        * Float.intBitsToFloat(half + 127 << 23)
        * Float.intBitsToFloat(whole - half + 127 << 23);
  }

  /** The logarithm of a number that is normal and positive, or NaN. */
  static double log(double x) {
    if (!(x < Double.POSITIVE_INFINITY)) {
      return x;
    }
    int exponent = Math.getExponent(x);
    double m = Double.longBitsToDouble(Double.doubleToRawLongBits(x) - ((long) exponent << 52));
    if (m > SQRT_2) {
      m /= 2;
      exponent++;
    }
    double f = m - 1;
    double s = f / (m + 1);
    double z = s * s;
    double sum = 0;
    for (double coefficient : ARTANH) {
      sum = Math.fma(sum, z, coefficient);
    }
    double rest = s * (f - z * sum);
    return Math.fma(exponent, LN2_HIGH, f - (rest - exponent * LN2_LOW));
  }
}
