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

  /**
   * Each of the first {@code count} rows of {@code to} = the sum over i below {@code inner} of its
   * factors[first + i] times row i of {@code right}.
   */
  public static void product(
      double[][] to,
      int count,
      double[][] factors,
      int first,
      int inner,
      double[][] right,
      int from,
      int end) {
    for (int t = 0; t < count; t++) {
      Arrays.fill(to[t], from, end, 0);
    }
    addFours(to, count, factors, first, inner, right, from, end);
  }

  /** Each row of {@code to} = keep times itself + the same sum; factors from column 0 on. */
  public static void addProduct(
      double[][] to,
      double keep,
      double[][] factors,
      int inner,
      double[][] right,
      int from,
      int end) {
    if (keep != 1) {
      for (double[] row : to) {
        scale(row, keep, from, end);
      }
    }
    addFours(to, to.length, factors, 0, inner, right, from, end);
  }

  // Neighbouring calls add to different rows, so that none waits for the one before it.
  private static void addFours(
      double[][] to,
      int count,
      double[][] factors,
      int first,
      int inner,
      double[][] right,
      int from,
      int end) {
    int i = 0;
    for (; i + 4 <= inner; i += 4) {
      double[] a = right[i];
      double[] b = right[i + 1];
      double[] c = right[i + 2];
      double[] d = right[i + 3];
      for (int t = 0; t < count; t++) {
        add4(to[t], factors[t], first + i, a, b, c, d, from, end);
      }
    }
    for (; i < inner; i++) {
      for (int t = 0; t < count; t++) {
        add(to[t], factors[t][first + i], right[i], from, end);
      }
    }
  }

  /**
   * Row t below {@code count} = keep[t + lag] times itself + the sum of its factors[s] times row s
   * of {@code right} for s below t + lag; what stands behind them is not looked at.
   *
   * @param keep null for 1
   * @param lag 1, or 0 to leave out s = t
   */
  public static void addLowerProduct(
      double[][] to,
      int count,
      double[] keep,
      int lag,
      double[][] factors,
      double[][] right,
      int from,
      int end) {
    if (keep != null) {
      for (int t = 0; t < count; t++) {
        scale(to[t], keep[t + lag], from, end);
      }
    }
    for (int s = 0; s < count; s += 4) {
      for (int t = s + 1 - lag; t < count; t++) {
        int seen = t + lag;
        if (s + 4 <= seen) {
          add4(to[t], factors[t], s, right[s], right[s + 1], right[s + 2], right[s + 3], from, end);
        } else {
          for (int last = s; last < seen; last++) {
            add(to[t], factors[t][last], right[last], from, end);
          }
        }
      }
    }
  }

  // Four rows for one pass over the destination; with six the compiler stops vectorizing.
  private static void add4(
      double[] to,
      double[] factors,
      int first,
      double[] rowA,
      double[] rowB,
      double[] rowC,
      double[] rowD,
      int from,
      int end) {
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

  /**
   * Row i of {@code to}, from column 0 on = column {@code from + i} of the first {@code count}
   * rows.
   */
  public static void transpose(double[][] rows, int count, int from, double[][] to) {
    int t = 0;
    for (; t + 8 <= count; t += 8) {
      transpose8(rows, t, from, to);
    }
    for (; t < count; t++) {
      for (int i = 0; i < to.length; i++) {
        to[i][t] = rows[t][from + i];
      }
    }
  }

  private static void transpose8(double[][] rows, int t, int from, double[][] to) {
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
      row[t] = a[from + i];
      row[t + 1] = b[from + i];
      row[t + 2] = c[from + i];
      row[t + 3] = d[from + i];
      row[t + 4] = e[from + i];
      row[t + 5] = f[from + i];
      row[t + 6] = g[from + i];
      row[t + 7] = h[from + i];
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
