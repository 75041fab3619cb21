package io.hla.kernels;

import io.hla.algebra.Computation;

/**
 * Every operator in sweeps over its matrices, in Java and in double whatever the precision; {@link
 * Sweep} gives the equations.
 */
public final class JavaKernel extends AttentionKernel {

  @Override
  public String name() {
    return "java";
  }

  @Override
  public String instructionSet() {
    return "jvm";
  }

  @Override
  Session open(Computation computation, double[] matrices) {
    return new SweepSession(computation, matrices);
  }
}
