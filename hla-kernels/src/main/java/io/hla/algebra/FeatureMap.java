package io.hla.algebra;

import java.util.Locale;

/** The map phi that is applied to every query (after scaling) and key vector of a head. */
public enum FeatureMap {
  IDENTITY,
  /** max(x, 0). */
  RELU,
  /** elu(x) + 1: x + 1 for x > 0, else exp(x). */
  ELU1,
  /** x divided by its Euclidean norm; the zero vector stays zero. */
  L2;

  /** The lower-case name that options, states and reports use. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Maps {@code length} values from {@code offset} on, in place. */
  public void apply(double[] values, int offset, int length) {
    switch (this) {
      case IDENTITY -> {}
      case RELU -> {
        for (int i = offset; i < offset + length; i++) {
          // The comparison keeps NaN, as a non-finite input has to stay visible.
          values[i] = values[i] < 0 ? 0 : values[i];
        }
      }
      case ELU1 -> {
        for (int i = offset; i < offset + length; i++) {
          values[i] = values[i] > 0 ? values[i] + 1 : StrictMath.exp(values[i]);
        }
      }
      case L2 -> {
        double sum = 0;
        for (int i = offset; i < offset + length; i++) {
          sum += values[i] * values[i];
        }
        double norm = Math.sqrt(sum);
        for (int i = offset; i < offset + length; i++) {
          values[i] = norm == 0 ? values[i] : values[i] / norm;
        }
      }
    }
  }
}
