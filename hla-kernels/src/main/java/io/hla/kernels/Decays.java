package io.hla.kernels;

import io.hla.algebra.Program;
import java.util.Arrays;

/**
 * The decays of a batch of tokens of one query head. All are products of decays, never quotients: a
 * decay may be 0.
 */
final class Decays {
  private final double constant;
  private final boolean gated;
  private final double[][] powers = new double[Program.HIGHEST_POWER + 1][];
  private final double[] products;

  /**
   * @param constant the decay of the head, which gates are multiplied by
   * @param tokens of the longest batch
   */
  Decays(double constant, boolean gated, int tokens) {
    this.constant = constant;
    this.gated = gated;
    products = new double[tokens + 1];
  }

  /** The decay of each token, which the batches to come fill; null where nothing decays. */
  double[] power(int power) {
    if (power == 0 || !gated && constant == 1) {
      return null;
    }
    if (powers[power] == null) {
      powers[power] = new double[products.length - 1];
      Arrays.fill(powers[power], power(constant, power));
    }
    return powers[power];
  }

  /** Begins a stream. */
  void start() {
    products[0] = 1;
  }

  /**
   * Enters the tokens of a batch.
   *
   * @param gates the gate of token t stands at {@code first + t * stride}; null without gates
   */
  void enter(double[] gates, int first, int stride, int tokens) {
    for (int t = 0; t < tokens; t++) {
      double decay = gates == null ? constant : gates[first + t * stride] * constant;
      products[t + 1] = products[t] * decay;
      for (int power = 1; gated && power < powers.length; power++) {
        if (powers[power] != null) {
          powers[power][t] = power(decay, power);
        }
      }
    }
  }

  /** Leaves a batch of so many tokens. */
  void leave(int tokens) {
    products[0] = products[tokens];
  }

  /** The decay from the start of the stream on of all that stands in front of token t. */
  double product(int t) {
    return products[t];
  }

  /** x^n for whole n from 0, rounded the same everywhere. */
  static double power(double x, int n) {
    double result = 1;
    for (int i = 0; i < n; i++) {
      result *= x;
    }
    return result;
  }
}
