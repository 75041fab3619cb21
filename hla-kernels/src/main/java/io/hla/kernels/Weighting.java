package io.hla.kernels;

import io.hla.algebra.DoubleRows;
import io.hla.algebra.Program.Weighted;
import java.util.Arrays;

/**
 * A signal times the decay since the start of the stream.
 *
 * @param x [tokens][columns]
 * @param out [tokens][columns]
 */
record Weighting(Weighted signal, Decays decays, double[][] x, double[][] out)
    implements BatchStep {

  @Override
  public void run(int tokens) {
    for (int t = 0; t < tokens; t++) {
      double product = decays.product(signal.strict() ? t : t + 1);
      Arrays.fill(out[t], 0);
      DoubleRows.add(out[t], Decays.power(product, signal.power()), x[t], 0, out[t].length);
    }
  }
}
