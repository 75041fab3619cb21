package io.hla.kernels;

import io.hla.algebra.Computation;

/**
 * Every operator in blocks of tokens, in Java and in double whatever the precision; {@link
 * BlockSession} gives the equations.
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
    return new BlockSession(computation, matrices);
  }
}
