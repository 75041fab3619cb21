package io.hla.spark.validate;

import io.hla.algebra.State;
import java.util.List;

/** Largest difference relative to the largest expected value. */
final class Errors {
  private double largest;
  private double worst;

  void add(double actual, double expected) {
    double difference = Math.abs(actual - expected);
    largest = Math.max(largest, Math.abs(expected));
    // Math.max keeps NaN, so that it stays the worst error.
    worst = Math.max(worst, difference);
  }

  void add(double[] actual, double[] expected) {
    if (actual.length != expected.length) {
      worst = Double.NaN;
      return;
    }
    for (int i = 0; i < actual.length; i++) {
      add(actual[i], expected[i]);
    }
  }

  double relative() {
    return worst == 0 ? 0 : worst / largest;
  }

  /** The worst over the matrices of all heads. */
  static double between(State actual, State expected) {
    return between(actual, expected, expected.matrices());
  }

  /** The worst over some matrices of all heads. */
  static double between(State actual, State expected, List<String> matrices) {
    double worst = actual.tokens() == expected.tokens() ? 0 : Double.NaN;
    for (String matrix : matrices) {
      for (int head = 0; head < expected.settings().numHeads(); head++) {
        Errors errors = new Errors();
        errors.add(actual.matrix(matrix, head), expected.matrix(matrix, head));
        worst = Math.max(worst, errors.relative());
      }
    }
    return worst;
  }
}
