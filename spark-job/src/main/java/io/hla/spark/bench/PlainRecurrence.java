package io.hla.spark.bench;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;

/**
 * One head of the exact causal operators (sections 4.3, 6.1) as one would write them down, in
 * float: what the kernels are compared with.
 */
final class PlainRecurrence {
  private PlainRecurrence() {}

  static void run(
      Operator operator, float[] q, float[] k, float[] v, float[] o, AttentionSettings s) {
    int d = s.headDim();
    int dv = s.valueDim();
    int tokens = q.length / d;
    float g = s.decay().get(0).floatValue();
    float[] query = new float[d];
    float[] key = new float[d];
    float[] value = new float[dv];
    float[] output = new float[dv];
    float[][] moment = new float[d][d];
    float[][] values = new float[d][dv];
    float[][] last = new float[d][dv];
    float[] u = new float[d];
    float[] r = new float[dv];
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < d; i++) {
        query[i] = q[t * d + i] * (float) s.scale();
        key[i] = k[t * d + i];
      }
      System.arraycopy(v, t * dv, value, 0, dv);
      if (operator.equals(Operator.LINEAR)) {
        step(values, g, key, value, query, output);
      } else if (operator.equals(Operator.HLA2)) {
        step(moment, g, key, key, query, u);
        step(last, g * g, u, value, query, output);
      } else if (operator.equals(Operator.AHLA)) {
        step(values, g, key, value, query, r);
        step(last, g, key, r, query, output);
      } else if (operator.equals(Operator.HLA3)) {
        step(moment, g, key, key, query, u);
        step(values, g, key, value, query, r);
        step(last, g * g * g, u, r, query, output);
      } else {
        throw new IllegalArgumentException("no plain recurrence of " + operator);
      }
      System.arraycopy(output, 0, o, t * dv, dv);
    }
  }

  /** M = g M + y z^T; o = x^T M. */
  private static void step(float[][] m, float g, float[] y, float[] z, float[] x, float[] o) {
    for (int i = 0; i < y.length; i++) {
      for (int j = 0; j < z.length; j++) {
        m[i][j] = g * m[i][j] + y[i] * z[j];
      }
    }
    for (int j = 0; j < z.length; j++) {
      float sum = 0;
      for (int i = 0; i < y.length; i++) {
        sum += x[i] * m[i][j];
      }
      o[j] = sum;
    }
  }
}
