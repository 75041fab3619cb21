package io.hla.spark.validate;

/**
 * The decayed scan operators as the paper prints them (sections 4.2 and 6.2), on three tokens: how
 * far the two bracketings are apart. They are negative controls; nothing computes with them.
 */
final class PrintedOperators {
  private PrintedOperators() {}

  /** A segment: moment (S or R), second moment (C or P), correction (G), attenuation. */
  private record Segment(double rho, double[][] moment, double[][] second, double[][] correction) {}

  /** Section 4.2: G_AB = rho G_A + G_B + S_B (rho C_A). */
  static double maskedSecondOrder(double[][] q, double[][] k, double[][] v, double g) {
    Segment[] s = new Segment[3];
    for (int t = 0; t < 3; t++) {
      double[][] c = outer(q[t], v[t], 1);
      s[t] = new Segment(g, outer(k[t], k[t], 1), c, add(c, 0, c, 0));
    }
    return gap(s);
  }

  /** Section 6.2: R attenuated with the segment, E_AB = rho E_A + E_B + R_B (rho P_A). */
  static double asymmetric(double[][] q, double[][] k, double[][] v, double g) {
    Segment[] s = new Segment[3];
    for (int t = 0; t < 3; t++) {
      double[][] p = outer(k[t], v[t], 1);
      double[][] e = times(outer(k[t], q[t], 1), p);
      s[t] = new Segment(g, outer(k[t], q[t], 1), p, e);
    }
    return gap(s);
  }

  private static double gap(Segment[] s) {
    double[][] left = combine(combine(s[0], s[1]), s[2]).correction;
    double[][] right = combine(s[0], combine(s[1], s[2])).correction;
    Errors errors = new Errors();
    for (int i = 0; i < left.length; i++) {
      errors.add(left[i], right[i]);
    }
    return errors.relative();
  }

  private static Segment combine(Segment a, Segment b) {
    return new Segment(
        a.rho * b.rho,
        add(a.moment, b.rho, b.moment, 1),
        add(a.second, b.rho, b.second, 1),
        add(add(a.correction, b.rho, b.correction, 1), 1, times(b.moment, a.second), b.rho));
  }

  private static double[][] outer(double[] x, double[] y, double scale) {
    double[][] product = new double[x.length][y.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < y.length; j++) {
        product[i][j] = scale * x[i] * y[j];
      }
    }
    return product;
  }

  private static double[][] add(double[][] a, double x, double[][] b, double y) {
    double[][] sum = new double[a.length][a[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        sum[i][j] = x * a[i][j] + y * b[i][j];
      }
    }
    return sum;
  }

  private static double[][] times(double[][] a, double[][] b) {
    double[][] product = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int l = 0; l < b.length; l++) {
        for (int j = 0; j < b[0].length; j++) {
          product[i][j] += a[i][l] * b[l][j];
        }
      }
    }
    return product;
  }
}
