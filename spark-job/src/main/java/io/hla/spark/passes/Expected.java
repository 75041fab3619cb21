package io.hla.spark.passes;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Element;
import io.hla.kernels.Recomputation;
import java.util.Arrays;

/**
 * What the outputs of a token must be.
 *
 * @param values [H dv], token by token in double
 * @param allowed how far rounding in the arithmetic of the job may take it from each
 * @param last how far the one rounding of a result in double to an output in float may take it
 *     further; 0 where there is none
 */
public record Expected(double[] values, double[] allowed, double[] last) {
  private static final double HALF_UNIT = 0x1p-24;

  /** The last token of a stream, in outputs of a type. */
  public static Expected of(Recomputation stream, AttentionSettings settings, Element output) {
    double[] values = stream.expected().clone();
    double[] allowed = stream.allowed().clone();
    double[] last = new double[values.length];
    if (settings.precision().isDouble() && output == Element.FLOAT) {
      Arrays.setAll(last, i -> HALF_UNIT * (Math.abs(values[i]) + allowed[i]) + Float.MIN_VALUE);
    }
    return new Expected(values, allowed, last);
  }

  /** The same bounds around other values. */
  public Expected around(double[] others) {
    return new Expected(others, allowed, last);
  }

  /** The largest number that is right in one place. */
  public double most(int place) {
    return values[place] + allowed[place] + last[place];
  }

  /**
   * The share of what the arithmetic may be off by, beyond the last rounding; at most 1 if the
   * number is right, NaN if it is none.
   */
  public double offBy(int place, double actual) {
    double beyond = Math.abs(actual - values[place]) - last[place];
    // Infinity may be right; what is no number stays none.
    return actual == values[place] || beyond <= 0
        ? 0
        : Recomputation.offBy(beyond, 0, allowed[place]);
  }

  /** The worst of all places; NaN if there are more or fewer numbers than are due. */
  public double offBy(double[] actual) {
    double worst = actual.length == values.length ? 0 : Double.NaN;
    for (int i = 0; i < Math.min(actual.length, values.length); i++) {
      // Math.max keeps NaN.
      worst = Math.max(worst, offBy(i, actual[i]));
    }
    return worst;
  }
}
