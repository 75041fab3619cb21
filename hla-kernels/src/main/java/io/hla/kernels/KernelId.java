package io.hla.kernels;

import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * Which kernels a machine runs, so that machines can agree: kernels of one id give the same bits
 * everywhere.
 *
 * @param name recurrent, java or native
 * @param instructionSet what it was compiled for; "jvm" for Java
 * @param architecture of the processor, as {@code os.arch} names it; empty for Java
 */
public record KernelId(String name, String instructionSet, String architecture)
    implements Serializable {
  /** Runs on every machine. */
  public static final KernelId JAVA = of(Kernels.java());

  /** The id of a kernel of this machine. */
  public static KernelId of(AttentionKernel kernel) {
    return new KernelId(
        kernel.name(),
        kernel.instructionSet(),
        kernel instanceof NativeKernel ? System.getProperty("os.arch", "") : "");
  }

  /** The best kernels that machines with either of these can both run. */
  public KernelId least(KernelId other) {
    if (equals(other)) {
      return this;
    }
    boolean comparable =
        name.equals("native")
            && other.name.equals("native")
            && architecture.equals(other.architecture);
    if (!comparable) {
      return JAVA;
    }
    List<String> sets = NativeKernel.instructionSets();
    return sets.indexOf(instructionSet) <= sets.indexOf(other.instructionSet) ? this : other;
  }

  /**
   * These kernels on this machine.
   *
   * @throws KernelException HLA_NATIVE_UNAVAILABLE or HLA_KERNELS_UNAVAILABLE if it cannot run them
   */
  public AttentionKernel open() {
    AttentionKernel kernel =
        name.equals("native")
            ? Kernels.choose(name, instructionSet)
            : name.equals("recurrent") ? Kernels.recurrent() : Kernels.java();
    if (!of(kernel).equals(this)) {
      throw new KernelException(
          "HLA_KERNELS_UNAVAILABLE",
          String.format(
              Locale.ROOT,
              "the job computes with %s kernels, this machine has %s",
              this,
              of(kernel)),
          null);
    }
    return kernel;
  }

  /** As reports show it: {@code native avx2}. */
  @Override
  public String toString() {
    return name + " " + instructionSet;
  }
}
