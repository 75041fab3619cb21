package io.hla.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/**
 * exp and log against decimals of 40 digits: off by less than one unit in the last place, results
 * below the normal numbers by less than 1.5, as they are rounded twice.
 */
class ExponentialTest {
  private static final MathContext DIGITS = new MathContext(40);

  /** exp by Taylor's series, of a number that is halved until it is small. */
  private static BigDecimal exact(double x) {
    int halvings = Math.max(0, Math.getExponent(x) + 4);
    BigDecimal r = new BigDecimal(x).divide(new BigDecimal(Math.scalb(1.0, halvings)), DIGITS);
    BigDecimal term = BigDecimal.ONE;
    BigDecimal sum = BigDecimal.ONE;
    for (int i = 1; i < 30; i++) {
      term = term.multiply(r, DIGITS).divide(BigDecimal.valueOf(i), DIGITS);
      sum = sum.add(term, DIGITS);
    }
    for (int i = 0; i < halvings; i++) {
      sum = sum.multiply(sum, DIGITS);
    }
    return sum;
  }

  private static double units(double actual, BigDecimal exact, double unit) {
    return new BigDecimal(actual).subtract(exact).abs().doubleValue() / unit;
  }

  @Test
  void expInDouble() {
    Random random = new Random(1);
    DoubleStream.concat(
            DoubleStream.of(0, -0.0, 1, -1, 1e-300, 709.782712893384, -708.4, -745.1),
            DoubleStream.concat(
                random.doubles(4_000, -708, 709.78), random.doubles(1_000, -745.1, -708)))
        .forEach(
            x -> {
              BigDecimal exact = exact(x);
              double unit = Math.ulp(exact.doubleValue());
              assertThat(units(Exponential.exp(x), exact, unit))
                  .as("exp(%s)", x)
                  .isLessThan(exact.doubleValue() < Double.MIN_NORMAL ? 1.5 : 1);
            });
    random
        .doubles(4_000, -0.4, 0.4)
        .forEach(
            x ->
                assertThat(units(Exponential.exp(x), exact(x), Math.ulp(Math.exp(x))))
                    .as("exp(%s)", x)
                    .isLessThan(1));
  }

  @Test
  void expInFloat() {
    int step = 1999;
    for (int bits = 0; bits >= 0 && bits < Float.floatToRawIntBits(104); bits += step) {
      float x = Float.intBitsToFloat(bits);
      assertNear(x);
      assertNear(-x);
    }
    assertNear(88.72283f);
    assertNear(-103.97f);
  }

  /** In double exp is as good as exact here. */
  private static void assertNear(float x) {
    double exact = StrictMath.exp(x);
    if (exact > Float.MAX_VALUE) {
      assertThat(Exponential.exp(x)).as("exp(%s)", x).isInfinite();
    } else {
      double error = Math.abs(Exponential.exp(x) - exact) / Math.ulp((float) exact);
      assertThat(error).as("exp(%s)", x).isLessThan(exact < Float.MIN_NORMAL ? 1.5 : 1);
    }
  }

  /** log x = y + log(x / exp(y)), where y is near it. */
  @Test
  void logOfNormalNumbers() {
    Random random = new Random(2);
    DoubleStream.concat(
            DoubleStream.of(1, Math.nextUp(1.0), Math.nextDown(1.0), 2, Math.sqrt(2), 1e9, 1e300),
            DoubleStream.concat(
                random.doubles(2_000, 0.5, 4),
                random.doubles(2_000, -300, 300).map(x -> Math.pow(10, x))))
        .forEach(
            x -> {
              double y = StrictMath.log(x);
              BigDecimal more =
                  new BigDecimal(x).divide(exact(y), DIGITS).subtract(BigDecimal.ONE, DIGITS);
              BigDecimal exact = new BigDecimal(y).add(more, DIGITS);
              exact = exact.subtract(more.pow(2, DIGITS).divide(BigDecimal.valueOf(2), DIGITS));
              double unit = Math.ulp(exact.doubleValue());
              assertThat(units(Exponential.log(x), exact, unit)).as("log(%s)", x).isLessThan(1);
            });
  }

  @Test
  void ends() {
    for (double x : new double[] {709.7827128933841, 710, 1e300, Double.POSITIVE_INFINITY}) {
      assertThat(Exponential.exp(x)).isEqualTo(Double.POSITIVE_INFINITY);
    }
    for (double x : new double[] {-745.1332191019412, -746, -1e300, Double.NEGATIVE_INFINITY}) {
      assertThat(Exponential.exp(x)).isEqualTo(0);
    }
    assertThat(Exponential.exp(-745.133)).isEqualTo(Double.MIN_VALUE);
    assertThat(Exponential.exp(Double.NaN)).isNaN();
    for (float x : new float[] {88.72284f, 89, 1e30f, Float.POSITIVE_INFINITY}) {
      assertThat(Exponential.exp(x)).isEqualTo(Float.POSITIVE_INFINITY);
    }
    for (float x : new float[] {-103.98f, -105, -1e30f, Float.NEGATIVE_INFINITY}) {
      assertThat(Exponential.exp(x)).isEqualTo(0);
    }
    assertThat(Exponential.exp(-103.97f)).isEqualTo(Float.MIN_VALUE);
    assertThat(Exponential.exp(Float.NaN)).isNaN();
    assertThat(Exponential.log(Double.NaN)).isNaN();
    assertThat(Exponential.log(Double.POSITIVE_INFINITY)).isInfinite();
    assertThat(Exponential.log(1)).isEqualTo(0);
  }
}
