package io.hla.algebra;

import java.util.Arrays;

/**
 * Loops over the elements of rows. A matrix is an array of rows; {@code from} and {@code end} are
 * columns.
 *
 * <p>The compiler vectorizes a loop only when one index without an offset runs over all its arrays.
 * That is why rows are arrays of their own and operands stand in the same columns.
 */
public final class DoubleRows {
  private DoubleRows() {}

  /** to = left * right, element by element; any of them may be the same. */
  public static void multiply(double[] to, double[] left, double[] right, int from, int end) {
    for (int j = from; j < end; j++) {
      to[j] = left[j] * right[j];
    }
  }

  /** Row t of {@code to} = the sum over i below {@code inner} of factors[t][i] times row i. */
  public static void product(
      double[][] to, double[][] factors, int inner, double[][] rows, int from, int end) {
    for (double[] sum : to) {
      Arrays.fill(sum, from, end, 0);
    }
    // Neighbouring calls add to different rows, so that none waits for the one before it.
    int i = 0;
    for (; i + 4 <= inner; i += 4) {
      for (int t = 0; t < to.length; t++) {
        add4(to[t], factors[t], i, rows, from, end);
      }
    }
    for (; i < inner; i++) {
      for (int t = 0; t < to.length; t++) {
        add(to[t], factors[t][i], rows[i], from, end);
      }
    }
  }

  // Four rows for one pass over the destination; with six the compiler stops vectorizing.
  private static void add4(
      double[] to, double[] factors, int first, double[][] rows, int from, int end) {
    double[] rowA = rows[first];
    double[] rowB = rows[first + 1];
    double[] rowC = rows[first + 2];
    double[] rowD = rows[first + 3];
    double a = factors[first];
    double b = factors[first + 1];
    double c = factors[first + 2];
    double d = factors[first + 3];
    for (int j = from; j < end; j++) {
      to[j] += a * rowA[j] + b * rowB[j] + c * rowC[j] + d * rowD[j];
    }
  }

  /** to += factor * row. */
  public static void add(double[] to, double factor, double[] row, int from, int end) {
    for (int j = from; j < end; j++) {
      to[j] += factor * row[j];
    }
  }

  /** row = factor * row. */
  public static void scale(double[] row, double factor, int from, int end) {
    for (int j = from; j < end; j++) {
      row[j] *= factor;
    }
  }

  /** Row i of {@code to} = column i of the rows. */
  public static void transpose(double[][] rows, double[][] to) {
    int t = 0;
    for (; t + 8 <= rows.length; t += 8) {
      transpose8(rows, t, to);
    }
    for (; t < rows.length; t++) {
      for (int i = 0; i < to.length; i++) {
        to[i][t] = rows[t][i];
      }
    }
  }

  private static void transpose8(double[][] rows, int t, double[][] to) {
    double[] a = rows[t];
    double[] b = rows[t + 1];
    double[] c = rows[t + 2];
    double[] d = rows[t + 3];
    double[] e = rows[t + 4];
    double[] f = rows[t + 5];
    double[] g = rows[t + 6];
    double[] h = rows[t + 7];
    int columns = to.length;
    for (int i = 0; i < columns; i++) {
      double[] row = to[i];
      row[t] = a[i];
      row[t + 1] = b[i];
      row[t + 2] = c[i];
      row[t + 3] = d[i];
      row[t + 4] = e[i];
      row[t + 5] = f[i];
      row[t + 6] = g[i];
      row[t + 7] = h[i];
    }
  }

  /** row = map(factor row). */
  public static void map(FeatureMap map, double factor, double[] row, int from, int end) {
    if (factor != 1) {
      scale(row, factor, from, end);
    }
    map.apply(row, from, end - from);
  }
}
