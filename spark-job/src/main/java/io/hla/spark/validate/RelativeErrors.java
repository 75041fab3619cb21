package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.table.SequenceKey;

/**
 * Errors relative to the largest output of the same head up to the position: what users see, where
 * the share of what rounding allows is what they are judged by.
 */
final class RelativeErrors {
  private final AttentionSettings settings;
  private SequenceKey sequence;
  private double[] largest;
  private double worst;

  RelativeErrors(AttentionSettings settings) {
    this.settings = settings;
  }

  /** Takes an output; those of a sequence come one after the other, by position. */
  void add(SequenceKey of, double[] actual, double[] expected) {
    if (!of.equals(sequence)) {
      sequence = of;
      largest = new double[settings.numHeads()];
    }
    for (int i = 0; i < expected.length; i++) {
      int head = i / settings.valueDim();
      largest[head] = Math.max(largest[head], Math.abs(expected[i]));
    }
    for (int i = 0; actual != null && i < Math.min(actual.length, expected.length); i++) {
      double off = Math.abs(actual[i] - expected[i]);
      if (off > 0) {
        worst = Math.max(worst, off / largest[i / settings.valueDim()]);
      }
    }
  }

  double worst() {
    return worst;
  }
}
