package io.hla.layers;

import io.hla.kernels.Element;
import java.io.Serializable;

/**
 * An immutable matrix [out, in], in the order in which kernels read it: panels of {@link #panel}
 * outputs each, the last one filled up with zeros; in a panel the numbers of input 0, then those of
 * input 1, and so on. All kernels read the same.
 */
public final class Weights implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What an array of any JVM can hold. */
  static final int MOST_NUMBERS = Integer.MAX_VALUE - 8;

  /** Bytes of a panel and input: HLA_PANEL_BYTES in hla_layers.h. */
  private static final int PANEL_BYTES = 64;

  private final int out;
  private final int in;
  private final float[] floats;
  private final double[] doubles;

  private Weights(int out, int in, Element element, int length) {
    if (out < 1 || in < 1 || length != (long) out * in) {
      throw Shapes.refused(
          "weights of %d outputs x %d inputs, at least 1 x 1, are %d numbers", out, in, length);
    }
    this.out = out;
    this.in = in;
    int size = checkSize(out, in, element);
    floats = element == Element.FLOAT ? new float[size] : null;
    doubles = element == Element.DOUBLE ? new double[size] : null;
  }

  /**
   * Weights for arithmetic in float.
   *
   * @param rowMajor the weights of output o from {@code o * in} on; copied
   * @throws IllegalArgumentException if these are not {@code out * in} numbers
   */
  public static Weights of(int out, int in, float[] rowMajor) {
    Weights weights = new Weights(out, in, Element.FLOAT, rowMajor.length);
    int panel = panel(Element.FLOAT);
    for (int o = 0; o < out; o++) {
      int at = o / panel * in * panel + o % panel;
      for (int i = 0; i < in; i++, at += panel) {
        weights.floats[at] = rowMajor[o * in + i];
      }
    }
    return weights;
  }

  /**
   * Weights for arithmetic in double.
   *
   * @param rowMajor the weights of output o from {@code o * in} on; copied
   * @throws IllegalArgumentException if these are not {@code out * in} numbers
   */
  public static Weights of(int out, int in, double[] rowMajor) {
    Weights weights = new Weights(out, in, Element.DOUBLE, rowMajor.length);
    int panel = panel(Element.DOUBLE);
    for (int o = 0; o < out; o++) {
      int at = o / panel * in * panel + o % panel;
      for (int i = 0; i < in; i++, at += panel) {
        weights.doubles[at] = rowMajor[o * in + i];
      }
    }
    return weights;
  }

  /** Outputs. */
  public int out() {
    return out;
  }

  /** Inputs. */
  public int in() {
    return in;
  }

  public Element element() {
    return floats != null ? Element.FLOAT : Element.DOUBLE;
  }

  /** Outputs of a panel. */
  static int panel(Element element) {
    return PANEL_BYTES / element.bytes();
  }

  /** Panels, with the one that is filled up. */
  int panels() {
    return (out - 1) / panel(element()) + 1;
  }

  /** The numbers of all panels if the element is float, else null. */
  float[] floats() {
    return floats;
  }

  /** The numbers of all panels if the element is double, else null. */
  double[] doubles() {
    return doubles;
  }

  /** A float[] or double[]. */
  Object array() {
    return floats != null ? floats : doubles;
  }

  /**
   * Whether there are as many numbers as kernels will read; deserialized weights may be anything.
   */
  boolean isWhole() {
    int length = floats != null ? floats.length : doubles != null ? doubles.length : -1;
    return out > 0 && in > 0 && length == size(out, in, element());
  }

  /** The numbers of all panels. */
  static int checkSize(int out, int in, Element element) {
    long size = size(out, in, element);
    if (size > MOST_NUMBERS) {
      throw Shapes.refused(
          "weights of %d outputs x %d inputs take %d numbers, expected at most %d",
          out, in, size, MOST_NUMBERS);
    }
    return (int) size;
  }

  private static long size(int out, int in, Element element) {
    int panel = panel(element);
    return ((long) (out - 1) / panel + 1) * panel * in;
  }
}
