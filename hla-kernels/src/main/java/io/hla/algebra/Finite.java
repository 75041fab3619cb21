package io.hla.algebra;

/** Whether arrays hold finite numbers only, at the speed of reading them. */
public final class Finite {
  private static final int LANES = 64;

  private Finite() {}

  /** Whether the first numbers are finite. */
  public static boolean all(float[] values, int length) {
    // 0 x is 0 for finite x and NaN otherwise. Sums in lanes, so that the compiler may vectorize.
    float[] lanes = new float[LANES];
    int whole = length - length % LANES;
    for (int i = 0; i < whole; i += LANES) {
      add(lanes, values, i);
    }
    float sum = 0;
    for (float lane : lanes) {
      sum += lane;
    }
    for (int i = whole; i < length; i++) {
      sum += 0 * values[i];
    }
    return sum == 0;
  }

  /** Whether the first numbers are finite. */
  public static boolean all(double[] values, int length) {
    double[] lanes = new double[LANES];
    int whole = length - length % LANES;
    for (int i = 0; i < whole; i += LANES) {
      add(lanes, values, i);
    }
    double sum = 0;
    for (double lane : lanes) {
      sum += lane;
    }
    for (int i = whole; i < length; i++) {
      sum += 0 * values[i];
    }
    return sum == 0;
  }

  private static void add(float[] lanes, float[] values, int from) {
    for (int j = 0; j < LANES; j++) {
      lanes[j] += 0 * values[from + j];
    }
  }

  private static void add(double[] lanes, double[] values, int from) {
    for (int j = 0; j < LANES; j++) {
      lanes[j] += 0 * values[from + j];
    }
  }
}
