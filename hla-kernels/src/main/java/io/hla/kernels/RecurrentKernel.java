package io.hla.kernels;

import io.hla.algebra.Computation;

/**
 * The reference: every program token by token, in double, as it is written down. In mixed and
 * float32 only inputs and outputs are float.
 */
public final class RecurrentKernel extends AttentionKernel {

  @Override
  public String name() {
    return "recurrent";
  }

  @Override
  public String instructionSet() {
    return "jvm";
  }

  @Override
  Session open(Computation computation, double[] matrices) {
    return new Recurrence(computation, matrices);
  }
}
