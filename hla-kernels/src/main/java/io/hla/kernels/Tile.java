package io.hla.kernels;

/**
 * Loops over the columns of a tile: 4, 3 or 1 rows of a matrix, from row i on, at one token.
 *
 * <pre>
 *   update    row = decay row + y_i z
 *   read      out += x_i row          row after row
 * </pre>
 *
 * <p>Each element goes through the same fused multiply-adds in whatever tile its row is, so that
 * bits do not depend on how a matrix is cut into tiles.
 *
 * <p>The compiler vectorizes these loops as {@link io.hla.algebra.DoubleRows} says, and only up to
 * some 60 nodes of its graph before it unrolls them: an update with a read has room for 4 rows
 * without decay and for 3 with it, a product that is rounded before it is added for fewer, and 2
 * tokens at once for 2 rows.
 */
final class Tile {
  private Tile() {}

  static void updateAndRead4(
      double[][] rows, int i, double[] y, double[] z, double[] x, double[] out) {
    double[] a = rows[i];
    double[] b = rows[i + 1];
    double[] c = rows[i + 2];
    double[] d = rows[i + 3];
    double ya = y[i];
    double yb = y[i + 1];
    double yc = y[i + 2];
    double yd = y[i + 3];
    double xa = x[i];
    double xb = x[i + 1];
    double xc = x[i + 2];
    double xd = x[i + 3];
    int end = z.length;
    for (int j = 0; j < end; j++) {
      double added = z[j];
      double newA = Math.fma(ya, added, a[j]);
      double newB = Math.fma(yb, added, b[j]);
      double newC = Math.fma(yc, added, c[j]);
      double newD = Math.fma(yd, added, d[j]);
      double sum = Math.fma(xa, newA, out[j]);
      sum = Math.fma(xb, newB, sum);
      sum = Math.fma(xc, newC, sum);
      out[j] = Math.fma(xd, newD, sum);
      a[j] = newA;
      b[j] = newB;
      c[j] = newC;
      d[j] = newD;
    }
  }

  static void updateAndRead3(
      double[][] rows, int i, double decay, double[] y, double[] z, double[] x, double[] out) {
    double[] a = rows[i];
    double[] b = rows[i + 1];
    double[] c = rows[i + 2];
    double ya = y[i];
    double yb = y[i + 1];
    double yc = y[i + 2];
    double xa = x[i];
    double xb = x[i + 1];
    double xc = x[i + 2];
    int end = z.length;
    for (int j = 0; j < end; j++) {
      double added = z[j];
      double newA = Math.fma(ya, added, decay * a[j]);
      double newB = Math.fma(yb, added, decay * b[j]);
      double newC = Math.fma(yc, added, decay * c[j]);
      double sum = Math.fma(xa, newA, out[j]);
      sum = Math.fma(xb, newB, sum);
      out[j] = Math.fma(xc, newC, sum);
      a[j] = newA;
      b[j] = newB;
      c[j] = newC;
    }
  }

  static void updateAndRead1(
      double[][] rows, int i, double decay, double[] y, double[] z, double[] x, double[] out) {
    double[] row = rows[i];
    double factor = y[i];
    double weight = x[i];
    int end = z.length;
    for (int j = 0; j < end; j++) {
      double updated = Math.fma(factor, z[j], decay * row[j]);
      out[j] = Math.fma(weight, updated, out[j]);
      row[j] = updated;
    }
  }

  static void update4(double[][] rows, int i, double decay, double[] y, double[] z) {
    double[] a = rows[i];
    double[] b = rows[i + 1];
    double[] c = rows[i + 2];
    double[] d = rows[i + 3];
    double ya = y[i];
    double yb = y[i + 1];
    double yc = y[i + 2];
    double yd = y[i + 3];
    int end = z.length;
    for (int j = 0; j < end; j++) {
      double added = z[j];
      a[j] = Math.fma(ya, added, decay * a[j]);
      b[j] = Math.fma(yb, added, decay * b[j]);
      c[j] = Math.fma(yc, added, decay * c[j]);
      d[j] = Math.fma(yd, added, decay * d[j]);
    }
  }

  /** Two tokens without decay, y and z of the first and of the second. */
  static void updateTwice4(
      double[][] rows, int i, double[] y1, double[] z1, double[] y2, double[] z2) {
    double[] a = rows[i];
    double[] b = rows[i + 1];
    double[] c = rows[i + 2];
    double[] d = rows[i + 3];
    double ya1 = y1[i];
    double yb1 = y1[i + 1];
    double yc1 = y1[i + 2];
    double yd1 = y1[i + 3];
    double ya2 = y2[i];
    double yb2 = y2[i + 1];
    double yc2 = y2[i + 2];
    double yd2 = y2[i + 3];
    int end = z1.length;
    for (int j = 0; j < end; j++) {
      double first = z1[j];
      double second = z2[j];
      a[j] = Math.fma(ya2, second, Math.fma(ya1, first, a[j]));
      b[j] = Math.fma(yb2, second, Math.fma(yb1, first, b[j]));
      c[j] = Math.fma(yc2, second, Math.fma(yc1, first, c[j]));
      d[j] = Math.fma(yd2, second, Math.fma(yd1, first, d[j]));
    }
  }

  static void update1(double[][] rows, int i, double decay, double[] y, double[] z) {
    double[] row = rows[i];
    double factor = y[i];
    int end = z.length;
    for (int j = 0; j < end; j++) {
      row[j] = Math.fma(factor, z[j], decay * row[j]);
    }
  }

  static void read4(double[][] rows, int i, double[] x, double[] out) {
    double[] a = rows[i];
    double[] b = rows[i + 1];
    double[] c = rows[i + 2];
    double[] d = rows[i + 3];
    double xa = x[i];
    double xb = x[i + 1];
    double xc = x[i + 2];
    double xd = x[i + 3];
    int end = out.length;
    for (int j = 0; j < end; j++) {
      double sum = Math.fma(xa, a[j], out[j]);
      sum = Math.fma(xb, b[j], sum);
      sum = Math.fma(xc, c[j], sum);
      out[j] = Math.fma(xd, d[j], sum);
    }
  }

  static void read1(double[][] rows, int i, double[] x, double[] out) {
    double[] row = rows[i];
    double weight = x[i];
    int end = out.length;
    for (int j = 0; j < end; j++) {
      out[j] = Math.fma(weight, row[j], out[j]);
    }
  }
}
