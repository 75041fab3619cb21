package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Element;
import io.hla.kernels.Recomputation;
import io.hla.spark.passes.Rounding;

/**
 * What an output must be.
 *
 * @param values [H dv], token by token in double
 * @param allowed how far rounding may take the job from each
 */
record Expected(double[] values, double[] allowed) {

  /** The last token of a stream, in outputs of a type. */
  static Expected of(Recomputation stream, AttentionSettings settings, Element output) {
    return new Expected(stream.expected().clone(), Rounding.allowed(stream, settings, output));
  }

  /** The largest share of what is allowed that an output is off by; NaN if it is none. */
  double offBy(double[] actual) {
    double worst = actual.length == values.length ? 0 : Double.NaN;
    for (int i = 0; i < Math.min(actual.length, values.length); i++) {
      // Math.max keeps NaN.
      worst = Math.max(worst, Recomputation.offBy(actual[i], values[i], allowed[i]));
    }
    return worst;
  }
}
