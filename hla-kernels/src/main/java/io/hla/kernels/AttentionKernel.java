package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;

/**
 * A way to compute every operator: {@link RecurrentKernel} is the definition token by token, {@link
 * JavaKernel} sweeps over the matrices, {@link NativeKernel} does so in C. {@link Kernels} chooses.
 *
 * <p>Kernels can be shared by threads; what they open cannot.
 */
public abstract sealed class AttentionKernel permits RecurrentKernel, JavaKernel, NativeKernel {
  /**
   * A multiple of the tokens that any kernel takes together: calls of so many, or of a multiple,
   * are the fastest.
   */
  public static final int BLOCK = 64;

  /** The name that options and reports use: recurrent, java or native. */
  public abstract String name();

  /** The instruction set that the kernel was compiled for; "jvm" for Java. */
  public abstract String instructionSet();

  /**
   * Floating-point operations per nanosecond of one core that multiplies and adds in registers and
   * does nothing else, what kernels are measured against. Runs for some 20 microseconds.
   *
   * @return NaN where that is not known
   */
  public double peak(Precision precision) {
    return Double.NaN;
  }

  /** Opens a stream that gives outputs, from the state in front of its first token. */
  public final Applier applier(State inFront) {
    return new Applier(this, inFront);
  }

  /**
   * Opens a stream that gives the summary of its tokens.
   *
   * @param step which scan step, below {@link Summary#steps}
   * @param inFront the state in front of the first token, with the matrices of earlier steps right;
   *     step 0 does not look at it
   */
  public final Summarizer summarizer(int step, State inFront) {
    return new Summarizer(this, step, inFront);
  }

  /**
   * Room for tokens where this kernel reads them best; rows of any kernel can be given to any.
   *
   * @param capacity tokens, at least 1
   * @param input the type of q, k and v; double needs precision float64
   * @param output the type of the outputs; double needs precision float64
   */
  public TokenRows rows(AttentionSettings settings, int capacity, Element input, Element output) {
    return new HeapRows(settings, capacity, input, output);
  }

  /** Opens a session on {@code matrices}, which it may keep and overwrite. */
  abstract Session open(Computation computation, double[] matrices);
}
