package io.hla.kernels;

import io.hla.algebra.SettingsException;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;

/** Chooses among the kernels that this machine can run. */
public final class Kernels {
  private static final System.Logger LOG = System.getLogger(Kernels.class.getName());
  private static final AttentionKernel RECURRENT = new RecurrentKernel();
  private static final AttentionKernel JAVA = new JavaKernel();
  private static final String AUTO = "auto";
  private static final AtomicBoolean FALLBACK_LOGGED = new AtomicBoolean();

  private Kernels() {}

  /** The reference, token by token in double: what the others are checked against. */
  public static AttentionKernel recurrent() {
    return RECURRENT;
  }

  /** The sweeping kernel that runs wherever Java does. */
  public static AttentionKernel java() {
    return JAVA;
  }

  /**
   * The kernel for a job. Where an argument says auto, the system property {@code hla.kernels} or
   * {@code hla.kernels.isa} decides; where that says auto or nothing, native kernels are taken if
   * they load and Java's if not, with one line in the log that says why.
   *
   * @param kernels auto, java, native, or recurrent for the reference
   * @param instructionSet auto, or the best instruction set that native kernels may use
   * @throws SettingsException if an argument or property is none of these
   * @throws IllegalStateException if native kernels are asked for and cannot be loaded
   */
  public static AttentionKernel choose(String kernels, String instructionSet) {
    String wanted = AUTO.equals(kernels) ? System.getProperty("hla.kernels", AUTO) : kernels;
    String cap =
        AUTO.equals(instructionSet) ? System.getProperty("hla.kernels.isa", AUTO) : instructionSet;
    return switch (wanted) {
      case "java" -> JAVA;
      case "recurrent" -> RECURRENT;
      case "native" -> NativeKernel.open(cap).get();
      case AUTO -> nativeOrJava(NativeKernel.open(cap));
      default ->
          throw new SettingsException(
              "HLA_KERNELS",
              String.format(Locale.ROOT, "kernels is %s, expected auto, java or native", wanted));
    };
  }

  private static AttentionKernel nativeOrJava(NativeKernel.Availability available) {
    if (available.kernel() != null) {
      return available.kernel();
    }
    if (FALLBACK_LOGGED.compareAndSet(false, true)) {
      LOG.log(
          System.Logger.Level.WARNING,
          "Computing in Java, several times slower: " + available.failure().reason());
    }
    return JAVA;
  }
}
