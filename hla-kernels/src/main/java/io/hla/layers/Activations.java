package io.hla.layers;

import io.hla.kernels.Element;

/** Tokens x width numbers of one element type, on the heap, row after row. */
public final class Activations {
  private final Element element;
  private final int capacity;
  private final int width;
  private final float[] floats;
  private final double[] doubles;

  /**
   * Zeros.
   *
   * @param capacity tokens, at least 1
   * @param width numbers of a token, at least 1
   */
  public Activations(Element element, int capacity, int width) {
    if (capacity < 1 || width < 1 || (long) capacity * width > Weights.MOST_NUMBERS) {
      throw Shapes.refused(
          "activations are %d tokens x %d numbers, expected at least 1 x 1 and at most %d numbers",
          capacity, width, Weights.MOST_NUMBERS);
    }
    this.element = element;
    this.capacity = capacity;
    this.width = width;
    floats = element == Element.FLOAT ? new float[capacity * width] : null;
    doubles = element == Element.DOUBLE ? new double[capacity * width] : null;
  }

  public Element element() {
    return element;
  }

  /** The most tokens. */
  public int capacity() {
    return capacity;
  }

  /** Numbers of a token. */
  public int width() {
    return width;
  }

  /**
   * The numbers themselves, a float[] or double[]: those of token t begin at {@code t * width()}.
   */
  public Object array() {
    return element == Element.FLOAT ? floats : doubles;
  }

  /** A number, by its index in {@link #array()}. */
  public double get(int index) {
    return element == Element.FLOAT ? floats[index] : doubles[index];
  }

  /** Sets a number, rounded to the element. */
  public void set(int index, double value) {
    if (element == Element.FLOAT) {
      floats[index] = (float) value;
    } else {
      doubles[index] = value;
    }
  }

  /** The array if the element is float, else null. */
  float[] floats() {
    return floats;
  }

  /** The array if the element is double, else null. */
  double[] doubles() {
    return doubles;
  }
}
