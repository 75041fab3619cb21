package io.hla.kernels;

import java.util.Arrays;

/** Rows of floats; {@link DoubleRows} is the same with double. */
final class FloatRows implements Rows<float[]> {
  private double[] wide = new double[0];

  @Override
  public float[][] rows(int count, int length) {
    return new float[count][length];
  }

  @Override
  public void put(float[] row, int column, double value) {
    row[column] = (float) value;
  }

  @Override
  public double at(float[] row, int column) {
    return row[column];
  }

  @Override
  public void set(float[] row, int from, double[] values, int at, int count) {
    for (int j = 0; j < count; j++) {
      row[from + j] = (float) values[at + j];
    }
  }

  @Override
  public void get(float[] row, int from, double[] values, int at, int count) {
    for (int j = 0; j < count; j++) {
      values[at + j] = row[from + j];
    }
  }

  @Override
  public void clear(float[] row, int from, int end) {
    Arrays.fill(row, from, end, 0);
  }

  @Override
  public void divide(float[] row, double divisor, int from, int end) {
    float by = (float) divisor;
    for (int j = from; j < end; j++) {
      row[j] /= by;
    }
  }

  @Override
  public void multiply(float[] to, float[] left, float[] right, int from, int end) {
    for (int j = from; j < end; j++) {
      to[j] = left[j] * right[j];
    }
  }

  @Override
  public void add(float[] to, double factor, float[] row, int from, int end) {
    add1(to, (float) factor, row, from, end);
  }

  @Override
  public void product(
      float[][] to,
      int count,
      float[][] factors,
      int first,
      int inner,
      float[][] right,
      int from,
      int end) {
    for (int t = 0; t < count; t++) {
      Arrays.fill(to[t], from, end, 0);
    }
    addFours(to, count, factors, first, inner, right, from, end);
  }

  @Override
  public void addProduct(
      float[][] to, double keep, float[][] factors, int inner, float[][] right, int from, int end) {
    if (keep != 1) {
      for (float[] row : to) {
        scale(row, (float) keep, from, end);
      }
    }
    addFours(to, to.length, factors, 0, inner, right, from, end);
  }

  // Neighbouring calls add to different rows, so that none waits for the one before it.
  private static void addFours(
      float[][] to,
      int count,
      float[][] factors,
      int first,
      int inner,
      float[][] right,
      int from,
      int end) {
    int i = 0;
    for (; i + 4 <= inner; i += 4) {
      float[] a = right[i];
      float[] b = right[i + 1];
      float[] c = right[i + 2];
      float[] d = right[i + 3];
      for (int t = 0; t < count; t++) {
        add4(to[t], factors[t], first + i, a, b, c, d, from, end);
      }
    }
    for (; i < inner; i++) {
      for (int t = 0; t < count; t++) {
        add1(to[t], factors[t][first + i], right[i], from, end);
      }
    }
  }

  @Override
  public void addLowerProduct(
      float[][] to,
      int count,
      double[] keep,
      int lag,
      float[][] factors,
      float[][] right,
      int from,
      int end) {
    if (keep != null) {
      for (int t = 0; t < count; t++) {
        scale(to[t], (float) keep[t + lag], from, end);
      }
    }
    for (int s = 0; s < count; s += 4) {
      for (int t = s + 1 - lag; t < count; t++) {
        int seen = t + lag;
        if (s + 4 <= seen) {
          add4(to[t], factors[t], s, right[s], right[s + 1], right[s + 2], right[s + 3], from, end);
        } else {
          for (int last = s; last < seen; last++) {
            add1(to[t], factors[t][last], right[last], from, end);
          }
        }
      }
    }
  }

  // Four rows for one pass over the destination; with six the compiler stops vectorizing.
  private static void add4(
      float[] to,
      float[] factors,
      int first,
      float[] rowA,
      float[] rowB,
      float[] rowC,
      float[] rowD,
      int from,
      int end) {
    float a = factors[first];
    float b = factors[first + 1];
    float c = factors[first + 2];
    float d = factors[first + 3];
    for (int j = from; j < end; j++) {
      to[j] += a * rowA[j] + b * rowB[j] + c * rowC[j] + d * rowD[j];
    }
  }

  private static void add1(float[] to, float factor, float[] row, int from, int end) {
    for (int j = from; j < end; j++) {
      to[j] += factor * row[j];
    }
  }

  private static void scale(float[] row, float factor, int from, int end) {
    for (int j = from; j < end; j++) {
      row[j] *= factor;
    }
  }

  @Override
  public void transpose(float[][] rows, int count, int from, float[][] to) {
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

  private static void transpose8(float[][] rows, int t, int from, float[][] to) {
    float[] a = rows[t];
    float[] b = rows[t + 1];
    float[] c = rows[t + 2];
    float[] d = rows[t + 3];
    float[] e = rows[t + 4];
    float[] f = rows[t + 5];
    float[] g = rows[t + 6];
    float[] h = rows[t + 7];
    int columns = to.length;
    for (int i = 0; i < columns; i++) {
      float[] row = to[i];
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

  @Override
  public void map(FeatureMap map, double factor, float[] row, int from, int end) {
    if (map == FeatureMap.IDENTITY) {
      if (factor != 1) {
        scale(row, (float) factor, from, end);
      }
      return;
    }
    int count = end - from;
    if (wide.length < count) {
      wide = new double[count];
    }
    for (int j = 0; j < count; j++) {
      wide[j] = factor * row[from + j];
    }
    map.apply(wide, 0, count);
    set(row, from, wide, 0, count);
  }

  @Override
  public void accumulate(
      double[] sums, int at, double rho, float[] added, float[] row, int from, int end) {
    int shift = at - from;
    for (int j = from; j < end; j++) {
      double sum = rho * sums[shift + j] + added[j];
      sums[shift + j] = sum;
      row[j] = (float) sum;
    }
  }
}
