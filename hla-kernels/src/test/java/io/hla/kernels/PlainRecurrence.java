package io.hla.kernels;

/** One head of hla2 (section 4.3) and ahla (6.1) as one would write it down, in float. */
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
    boolean hla2 = operator == Operator.HLA2;
    float[][] first = new float[d][hla2 ? d : dv];
    float[][] second = new float[d][dv];
    float[] middle = new float[hla2 ? d : dv];
    for (int t = 0; t < tokens; t++) {
      for (int i = 0; i < d; i++) {
        query[i] = q[t * d + i] * (float) s.scale();
        key[i] = k[t * d + i];
      }
      System.arraycopy(v, t * dv, value, 0, dv);
      if (hla2) {
        step(first, g, key, key, query, middle);
        step(second, g * g, middle, value, query, output);
      } else {
        step(first, g, key, value, query, middle);
        step(second, g, key, middle, query, output);
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
