package io.hla.kernels;

/** Chooses among the kernels that this machine can run. */
public final class Kernels {
  private static final AttentionKernel RECURRENT = new RecurrentKernel();
  private static final AttentionKernel JAVA = new JavaKernel();

  private Kernels() {}

  /** The reference, token by token in double: what the others are checked against. */
  public static AttentionKernel recurrent() {
    return RECURRENT;
  }

  /** The blocked kernel that runs wherever Java does. */
  public static AttentionKernel java() {
    return JAVA;
  }

  /**
   * The kernel for a job.
   *
   * @param kernels auto, java or native
   * @param instructionSet auto, or the best instruction set that native kernels may use
   */
  public static AttentionKernel choose(String kernels, String instructionSet) {
    return JAVA;
  }
}
