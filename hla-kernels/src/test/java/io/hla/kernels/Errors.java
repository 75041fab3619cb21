package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.State;

/** How far outputs are from the expected ones, and how far they may be. */
final class Errors {
  private Errors() {}

  /**
   * The largest max |error| / max |o| of any head; infinite when an output is not a number. {@code
   * actual} may be shorter than {@code expected}: its tokens are the first ones.
   */
  static double largest(AttentionSettings settings, double[] expected, double[] actual) {
    double largest = 0;
    for (int head = 0; head < settings.numHeads(); head++) {
      largest = Math.max(largest, ofHead(settings, head, expected, actual));
    }
    return largest;
  }

  private static double ofHead(
      AttentionSettings settings, int head, double[] expected, double[] actual) {
    double error = 0;
    double output = Double.MIN_VALUE;
    for (int row = head; row < expected.length / settings.valueDim(); row += settings.numHeads()) {
      for (int at = row * settings.valueDim(); at < (row + 1) * settings.valueDim(); at++) {
        output = Math.max(output, Math.abs(expected[at]));
        if (at < actual.length) {
          if (!Double.isFinite(actual[at])) {
            return Double.POSITIVE_INFINITY;
          }
          error = Math.max(error, Math.abs(actual[at] - expected[at]));
        }
      }
    }
    return error / output;
  }

  /**
   * The largest max |error| / max |M'| of any matrix of any head, where M' is the matrix that the
   * tokens' absolute values give: no rounding error exceeds a few units of it.
   */
  static double largest(State expected, State actual, State absolute) {
    double largest = 0;
    for (String name : expected.matrices()) {
      for (int head = 0; head < expected.settings().numHeads(); head++) {
        double[] right = expected.matrix(name, head);
        double[] ours = actual.matrix(name, head);
        double[] bound = absolute.matrix(name, head);
        double error = 0;
        double value = Double.MIN_VALUE;
        for (int i = 0; i < right.length; i++) {
          if (!Double.isFinite(ours[i])) {
            return Double.POSITIVE_INFINITY;
          }
          value = Math.max(value, Math.abs(bound[i]));
          error = Math.max(error, Math.abs(ours[i] - right[i]));
        }
        largest = Math.max(largest, error / value);
      }
    }
    return largest;
  }

  /**
   * A few units in the last place of the largest output. The published forms subtract sums that may
   * be as many times larger than their difference as there are tokens.
   */
  static double allowed(AttentionSettings settings, int tokens) {
    double unit = settings.precision().isDouble() ? 0x1p-53 : 0x1p-24;
    return 16 * unit * (subtracts(settings) ? tokens : 1);
  }

  /** Whether outputs are differences of sums. */
  static boolean subtracts(AttentionSettings settings) {
    return Computation.attending(settings).program().output().stream()
        .anyMatch(t -> t.coefficient() < 0);
  }
}
