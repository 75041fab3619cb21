package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.Precision;
import io.hla.algebra.SettingsException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** Kernels in C for the instruction set of this processor. */
public final class NativeKernel extends AttentionKernel {
  /** From the plainest to the best, in the order of the library. */
  private static final List<String> INSTRUCTION_SETS = List.of("baseline", "avx2", "avx512");

  /** The x86-64 levels that the sets are compiled for, as further names of them. */
  private static final List<String> LEVELS = List.of("x86-64", "x86-64-v3", "x86-64-v4");

  /** The cap that lets the processor decide. */
  static final String BEST = "auto";

  private static final int PEAK_TURNS = 20_000;

  private final int instructionSet;

  private NativeKernel(int instructionSet) {
    this.instructionSet = instructionSet;
  }

  /**
   * Loads the library unless it is loaded.
   *
   * @param cap auto, or the best instruction set to use: baseline, avx2 or avx512, also by its
   *     level (x86-64-v3, x86-64-v4)
   * @return the kernel, or why there is none on this machine
   */
  static Availability open(String cap) {
    int named = Math.max(INSTRUCTION_SETS.indexOf(cap), LEVELS.indexOf(cap));
    int index = BEST.equals(cap) ? INSTRUCTION_SETS.size() - 1 : named;
    if (index < 0) {
      throw new SettingsException(
          "HLA_INSTRUCTION_SET",
          String.format(
              Locale.ROOT,
              "instruction set is %s, expected auto or one of %s",
              cap,
              INSTRUCTION_SETS));
    }
    return NativeLibrary.load()
        .map(failure -> new Availability(null, failure))
        .orElseGet(
            () ->
                new Availability(new NativeKernel(NativeSession.bestInstructionSet(index)), null));
  }

  /** All sets, from the plainest to the best. */
  static List<String> instructionSets() {
    return INSTRUCTION_SETS;
  }

  @Override
  public String name() {
    return "native";
  }

  @Override
  public String instructionSet() {
    return INSTRUCTION_SETS.get(instructionSet);
  }

  @Override
  public TokenRows rows(AttentionSettings settings, int capacity, Element input, Element output) {
    return new NativeRows(settings, capacity, input, output);
  }

  @Override
  public double peak(Precision precision) {
    long start = System.nanoTime();
    double operations = NativeSession.peak(instructionSet, precision, PEAK_TURNS);
    return operations / (System.nanoTime() - start);
  }

  @Override
  Session open(Computation computation, double[] matrices) {
    return new NativeSession(computation, matrices, instructionSet);
  }

  /** A kernel, or the reason why there is none; one of the two is null. */
  record Availability(NativeKernel kernel, NativeLibrary.Failure failure) {
    Availability {
      if ((kernel == null) == (failure == null)) {
        throw new IllegalArgumentException("expected a kernel or a failure");
      }
    }

    Optional<NativeKernel> ifAvailable() {
      return Optional.ofNullable(kernel);
    }

    /** The kernel. Throws an exception that says why when there is none. */
    NativeKernel get() {
      if (kernel == null) {
        throw new KernelException(
            "HLA_NATIVE_UNAVAILABLE",
            "native kernels were asked for and are not available: "
                + Objects.requireNonNull(failure).reason(),
            failure.cause());
      }
      return kernel;
    }
  }
}
