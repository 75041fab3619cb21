package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;

/**
 * Sums over index tuples for what is no program of masked linear attentions: the operators without
 * a mask, and the recurrences as the paper prints them. One query head.
 *
 * @param q its queries, scaled and mapped
 * @param k its keys, mapped
 * @param past decay of what token j added, at token t: {@code past[t][j]}, for j up to t
 */
record TupleSums(AttentionSettings settings, double[][] q, double[][] k, double[][] past) {

  /** The weight of v_j in the output of token t. */
  double[] weights(int t) {
    double[] w = new double[t + 1];
    boolean masked = settings.mask() == Mask.CAUSAL;
    boolean second = settings.operator().equals(Operator.HLA2);
    if (settings.operator().equals(Operator.HLA3)) {
      third(w, t, masked);
      return w;
    }
    double[] a = new double[t + 1];
    for (int i = 0; i <= t; i++) {
      a[i] = past[t][i] * dot(q[t], k[i]);
    }
    for (int j = 0; j <= t; j++) {
      for (int i = 0; i <= t; i++) {
        w[j] += past[t][j] * a[i] * (second ? dot(k[i], q[j]) : dot(q[i], k[j]));
      }
      if (settings.ridge() != 0) {
        w[j] += settings.ridge() * past[t][j] * dot(q[t], q[j]);
      }
    }
    if (masked) {
      subtractPrinted(w, t);
    }
    return w;
  }

  // Section 4.3 as printed: token i adds k_i k_i^T C_(i-1) to G.
  private void subtractPrinted(double[] w, int t) {
    for (int i = 1; i <= t; i++) {
      for (int j = 0; j < i; j++) {
        w[j] -= past[t][i] * past[i - 1][j] * dot(q[t], k[i]) * dot(k[i], q[j]);
      }
    }
  }

  // All triples; of those of Algorithm 3, whose largest index is unique are taken away, with its
  // own decay.
  private void third(double[] w, int t, boolean printed) {
    for (int i = 0; i <= t; i++) {
      for (int u = 0; u <= t; u++) {
        double iu = dot(q[t], k[i]) * dot(q[u], k[i]);
        for (int j = 0; j <= t; j++) {
          int top = Math.max(i, Math.max(u, j));
          int atTop = (i == top ? 1 : 0) + (u == top ? 1 : 0) + (j == top ? 1 : 0);
          double weight = past[t][i] * past[t][u] * past[t][j];
          if (printed && atTop == 1) {
            weight -= past[t][top] * before(i, top) * before(u, top) * before(j, top);
          }
          w[j] += weight * iu * dot(q[u], k[j]);
        }
      }
    }
  }

  private double before(int index, int top) {
    return index == top ? 1 : past[top - 1][index];
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }
}
