package io.hla.spark.synthetic;

/**
 * The standard normal quantile of 31 random bits, with one more for the sign: a table of the lower
 * half, 128 cells for every halving of the probability, linear within a cell. It is off the true
 * quantile by less than 1e-5, reaches 6.2, and has the same bits on every machine.
 */
final class NormalQuantile {
  private static final int CELL_BITS = 7;
  private static final int FRACTION_BITS = 31 - 1 - CELL_BITS;
  private static final int OCTAVES = 31;

  /** Quantiles at the edges of the cells, from the smallest probability to one half. */
  private static final float[] EDGES = edges();

  private NormalQuantile() {}

  static float of(int bits) {
    // The probability is (bits >>> 1) / 2^32; without leading zeros it reads 1, cell, fraction.
    int probability = Math.max(1, bits >>> 1);
    int zeros = Integer.numberOfLeadingZeros(probability);
    int normalized = probability << zeros - 1;
    int cell = (OCTAVES - zeros << CELL_BITS) + (normalized >> FRACTION_BITS) - (1 << CELL_BITS);
    float fraction = (normalized & (1 << FRACTION_BITS) - 1) * (1f / (1 << FRACTION_BITS));
    float low = EDGES[cell];
    float quantile = low + fraction * (EDGES[cell + 1] - low);
    // The last bit becomes the sign; a branch on it would be guessed wrong every other time.
    return Float.intBitsToFloat(Float.floatToRawIntBits(quantile) ^ bits << 31);
  }

  private static float[] edges() {
    int cells = 1 << CELL_BITS;
    float[] edges = new float[OCTAVES * cells + 1];
    for (int i = 0; i < edges.length; i++) {
      double probability = StrictMath.scalb(1 + (double) (i % cells) / cells, i / cells - 32);
      edges[i] = (float) quantile(probability);
    }
    return edges;
  }

  /** P. J. Acklam's rational approximation for 0 < p <= 1/2, relative error below 1.2e-9. */
  static double quantile(double p) {
    if (p < 0.02425) {
      double q = StrictMath.sqrt(-2 * StrictMath.log(p));
      double above = -7.784894002430293e-03;
      above = above * q - 3.223964580411365e-01;
      above = above * q - 2.400758277161838e+00;
      above = above * q - 2.549732539343734e+00;
      above = above * q + 4.374664141464968e+00;
      above = above * q + 2.938163982698783e+00;
      double below = 7.784695709041462e-03;
      below = below * q + 3.224671290700398e-01;
      below = below * q + 2.445134137142996e+00;
      below = below * q + 3.754408661907416e+00;
      return above / (below * q + 1);
    }
    double q = p - 0.5;
    double r = q * q;
    double above = -3.969683028665376e+01;
    above = above * r + 2.209460984245205e+02;
    above = above * r - 2.759285104469687e+02;
    above = above * r + 1.383577518672690e+02;
    above = above * r - 3.066479806614716e+01;
    above = above * r + 2.506628277459239e+00;
    double below = -5.447609879822406e+01;
    below = below * r + 1.615858368580409e+02;
    below = below * r - 1.556989798598866e+02;
    below = below * r + 6.680131188771972e+01;
    below = below * r - 1.328068155288572e+01;
    return above * q / (below * r + 1);
  }
}
