package io.hla.kernels;

import java.util.Arrays;

/** Rows of doubles; {@link FloatRows} is the same with float. */
final class DoubleRows implements Rows<double[]> {
  @Override
  public double[][] rows(int count, int length) {
    return new double[count][length];
  }

  @Override
  public void set(double[] row, double[] from, int at, int length) {
    for (int j = 0; j < length; j++) {
      row[j] = from[at + j];
    }
  }

  @Override
  public void get(double[] row, double[] to, int at, int length) {
    for (int j = 0; j < length; j++) {
      to[at + j] = row[j];
    }
  }

  @Override
  public void clear(double[] row, int length) {
    Arrays.fill(row, 0, length, 0);
  }

  @Override
  public double at(double[] row, int index) {
    return row[index];
  }

  @Override
  public void put(double[] row, int index, double value) {
    row[index] = value;
  }

  @Override
  public void scale(double[] row, double factor, int length) {
    for (int j = 0; j < length; j++) {
      row[j] *= factor;
    }
  }

  @Override
  public void divide(double[] row, double divisor, int length) {
    for (int j = 0; j < length; j++) {
      row[j] /= divisor;
    }
  }

  @Override
  public void multiply(double[] to, double[] left, double[] right, int length) {
    for (int j = 0; j < length; j++) {
      to[j] = left[j] * right[j];
    }
  }

  @Override
  public void add(double[] to, double factor, double[] from, int length) {
    add1(to, factor, from, length);
  }

  @Override
  public void addProduct(double[] to, double[] factors, int inner, double[][] right, int columns) {
    int i = 0;
    for (; i + 4 <= inner; i += 4) {
      add4(
          to,
          factors[i],
          right[i],
          factors[i + 1],
          right[i + 1],
          factors[i + 2],
          right[i + 2],
          factors[i + 3],
          right[i + 3],
          columns);
    }
    for (; i < inner; i++) {
      add1(to, factors[i], right[i], columns);
    }
  }

  // Four rows for one pass over the destination; with more the compiler stops vectorizing.
  private static void add4(
      double[] to,
      double a,
      double[] rowA,
      double b,
      double[] rowB,
      double c,
      double[] rowC,
      double d,
      double[] rowD,
      int columns) {
    for (int j = 0; j < columns; j++) {
      to[j] += a * rowA[j] + b * rowB[j] + c * rowC[j] + d * rowD[j];
    }
  }

  private static void add1(double[] to, double factor, double[] row, int columns) {
    for (int j = 0; j < columns; j++) {
      to[j] += factor * row[j];
    }
  }

  @Override
  public void transpose(double[][] from, int rows, int columns, double[][] to) {
    for (int i = 0; i < rows; i++) {
      double[] row = from[i];
      for (int j = 0; j < columns; j++) {
        to[j][i] = row[j];
      }
    }
  }

  @Override
  public void map(FeatureMap map, double factor, double[] row, int length) {
    scale(row, factor, length);
    map.apply(row, 0, length);
  }

  @Override
  public void accumulate(
      double[] sums, int at, double rho, double[] added, double[] rounded, int length) {
    for (int j = 0; j < length; j++) {
      double sum = rho * sums[at + j] + added[j];
      sums[at + j] = sum;
      rounded[j] = sum;
    }
  }
}
