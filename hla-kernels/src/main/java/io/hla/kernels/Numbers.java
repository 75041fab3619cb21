package io.hla.kernels;

import io.hla.algebra.Finite;

/** An array of floats or doubles, to those who compute in double. */
final class Numbers {
  private final float[] floats;
  private final double[] doubles;

  private Numbers(float[] floats, double[] doubles) {
    this.floats = floats;
    this.doubles = doubles;
  }

  /** The same floats; null for null. */
  static Numbers of(float[] floats) {
    return floats == null ? null : new Numbers(floats, null);
  }

  /** The same doubles; null for null. */
  static Numbers of(double[] doubles) {
    return doubles == null ? null : new Numbers(null, doubles);
  }

  /** Zeros. */
  static Numbers zeros(Element element, int length) {
    return element == Element.FLOAT ? of(new float[length]) : of(new double[length]);
  }

  Element element() {
    return floats != null ? Element.FLOAT : Element.DOUBLE;
  }

  int length() {
    return floats != null ? floats.length : doubles.length;
  }

  /** The array if it is one of floats, else null. */
  float[] floats() {
    return floats;
  }

  /** The array if it is one of doubles, else null. */
  double[] doubles() {
    return doubles;
  }

  double get(int at) {
    return floats != null ? floats[at] : doubles[at];
  }

  /** Sets a number, rounded to the type of the array. */
  void set(int at, double number) {
    if (floats != null) {
      floats[at] = (float) number;
    } else {
      doubles[at] = number;
    }
  }

  /** Copies {@code count} numbers from {@code at} on. */
  void get(int at, double[] to, int from, int count) {
    if (doubles != null) {
      System.arraycopy(doubles, at, to, from, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      to[from + i] = floats[at + i];
    }
  }

  /** Sets {@code count} numbers from {@code at} on, rounded to the type of the array. */
  void set(int at, double[] numbers, int from, int count) {
    if (doubles != null) {
      System.arraycopy(numbers, from, doubles, at, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      floats[at + i] = (float) numbers[from + i];
    }
  }

  /** The first numbers as doubles. */
  double[] widened(int count) {
    double[] wide = new double[count];
    get(0, wide, 0, count);
    return wide;
  }

  boolean isFinite(int count) {
    return floats != null ? Finite.all(floats, count) : Finite.all(doubles, count);
  }
}
