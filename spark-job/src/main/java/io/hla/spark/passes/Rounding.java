package io.hla.spark.passes;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Element;
import io.hla.kernels.Recomputation;

/** How far rounding may take the outputs of a job from those of a {@link Recomputation}. */
public final class Rounding {
  private static final double HALF_UNIT = 0x1p-24;

  private Rounding() {}

  /**
   * The bounds of the last token, [H dv]: those of the arithmetic and, where that is double and the
   * output float, of the one rounding to float.
   *
   * @param output the type of the outputs
   */
  public static double[] allowed(Recomputation stream, AttentionSettings settings, Element output) {
    double[] allowed = stream.allowed().clone();
    double[] expected = stream.expected();
    for (int i = 0;
        settings.precision().isDouble() && output == Element.FLOAT && i < allowed.length;
        i++) {
      allowed[i] += HALF_UNIT * (Math.abs(expected[i]) + allowed[i]) + Float.MIN_VALUE;
    }
    return allowed;
  }
}
