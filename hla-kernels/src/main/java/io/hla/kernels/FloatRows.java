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
  public void set(float[] row, double[] from, int at, int length) {
    for (int j = 0; j < length; j++) {
      row[j] = (float) from[at + j];
    }
  }

  @Override
  public void get(float[] row, double[] to, int at, int length) {
    for (int j = 0; j < length; j++) {
      to[at + j] = row[j];
    }
  }

  @Override
  public void clear(float[] row, int length) {
    Arrays.fill(row, 0, length, 0);
  }

  @Override
  public double at(float[] row, int index) {
    return row[index];
  }

  @Override
  public void put(float[] row, int index, double value) {
    row[index] = (float) value;
  }

  @Override
  public void scale(float[] row, double factor, int length) {
    float f = (float) factor;
    for (int j = 0; j < length; j++) {
      row[j] *= f;
    }
  }

  @Override
  public void divide(float[] row, double divisor, int length) {
    float by = (float) divisor;
    for (int j = 0; j < length; j++) {
      row[j] /= by;
    }
  }

  @Override
  public void multiply(float[] to, float[] left, float[] right, int length) {
    for (int j = 0; j < length; j++) {
      to[j] = left[j] * right[j];
    }
  }

  @Override
  public void add(float[] to, double factor, float[] from, int length) {
    add1(to, (float) factor, from, length);
  }

  @Override
  public void addProduct(float[] to, float[] factors, int inner, float[][] right, int columns) {
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
      float[] to,
      float a,
      float[] rowA,
      float b,
      float[] rowB,
      float c,
      float[] rowC,
      float d,
      float[] rowD,
      int columns) {
    for (int j = 0; j < columns; j++) {
      to[j] += a * rowA[j] + b * rowB[j] + c * rowC[j] + d * rowD[j];
    }
  }

  private static void add1(float[] to, float factor, float[] row, int columns) {
    for (int j = 0; j < columns; j++) {
      to[j] += factor * row[j];
    }
  }

  @Override
  public void transpose(float[][] from, int rows, int columns, float[][] to) {
    for (int i = 0; i < rows; i++) {
      float[] row = from[i];
      for (int j = 0; j < columns; j++) {
        to[j][i] = row[j];
      }
    }
  }

  @Override
  public void map(FeatureMap map, double factor, float[] row, int length) {
    if (map == FeatureMap.IDENTITY && factor == 1) {
      return;
    }
    if (wide.length < length) {
      wide = new double[length];
    }
    for (int j = 0; j < length; j++) {
      wide[j] = factor * row[j];
    }
    map.apply(wide, 0, length);
    set(row, wide, 0, length);
  }

  @Override
  public void accumulate(
      double[] sums, int at, double rho, float[] added, float[] rounded, int length) {
    for (int j = 0; j < length; j++) {
      double sum = rho * sums[at + j] + added[j];
      sums[at + j] = sum;
      rounded[j] = (float) sum;
    }
  }
}
