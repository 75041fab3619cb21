package io.hla.kernels;

import io.hla.algebra.DoubleRows;
import java.util.Arrays;

/**
 * The decay of one head and one power between any two tokens of a block, as factors of rows and of
 * whole score rows. All are products of decays, never quotients: a decay may be 0.
 */
final class DecayTable {
  private final double[] powers;
  private final double[][] lags;

  /** A table for blocks of up to {@code block} tokens. */
  DecayTable(int block) {
    powers = new double[block + 1];
    lags = new double[block][block];
  }

  /** The table of a constant decay. */
  static DecayTable constant(double g, int power, int block) {
    double[] powers = new double[block + 1];
    for (int n = 0; n <= block; n++) {
      powers[n] = StrictMath.pow(g, (double) n * power);
    }
    DecayTable table = new DecayTable(block);
    System.arraycopy(powers, 0, table.powers, 0, powers.length);
    for (int n = 0; n < block; n++) {
      for (int s = 0; s <= n; s++) {
        table.lags[n][s] = powers[n - s];
      }
    }
    return table;
  }

  /** Fills the table for tokens of these decays, each of which counts {@code power} times. */
  void set(double[] decays, int tokens, int power) {
    powers[0] = 1;
    for (int n = 0; n < tokens; n++) {
      double decay = power(decays[n], power);
      powers[n + 1] = powers[n] * decay;
      if (n > 0) {
        Arrays.setAll(lags[n], s -> 0);
        DoubleRows.add(lags[n], decay, lags[n - 1], 0, n);
      }
      lags[n][n] = 1;
    }
  }

  /** x^n for whole n from 0, rounded the same everywhere. */
  static double power(double x, int n) {
    double result = 1;
    for (int i = 0; i < n; i++) {
      result *= x;
    }
    return result;
  }

  /** The decay of the first n tokens, for n from 0 to the length of a block. */
  double[] powers() {
    return powers;
  }

  /** Row n holds the decay of tokens s + 1 to n in column s, s <= n. */
  double[][] lags() {
    return lags;
  }
}
