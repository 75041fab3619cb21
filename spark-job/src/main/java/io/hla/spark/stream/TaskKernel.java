package io.hla.spark.stream;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Kernels;
import io.hla.spark.ComputeSettings;
import io.hla.spark.table.TokenBuffer;
import io.hla.spark.table.TokenRow;

/**
 * The kernel of a task, with one stream and one buffer that its sequences take one after another.
 */
public final class TaskKernel implements AutoCloseable {
  private final AttentionKernel kernel;
  private final TokenRow layout;
  private final boolean refuseNonFinite;
  private AttentionSettings settings;
  private TokenBuffer buffer;
  private Applier applier;

  /** Chooses the kernel. */
  public TaskKernel(ComputeSettings compute, TokenRow layout) {
    kernel = Kernels.choose(compute.kernels(), compute.instructionSet());
    this.layout = layout;
    refuseNonFinite = compute.refuseNonFinite();
  }

  /** How its tokens are laid out. */
  TokenRow layout() {
    return layout;
  }

  boolean refusesNonFinite() {
    return refuseNonFinite;
  }

  /** A stream that goes on from a state, valid until the next one is asked for. */
  Applier from(State state) {
    if (!state.settings().equals(settings)) {
      close();
      settings = state.settings();
      int capacity = TokenBuffer.fullCapacity(settings);
      buffer = new TokenBuffer(kernel, settings, layout, refuseNonFinite, true, capacity);
      applier = kernel.applier(state);
    } else {
      applier.reset(state);
    }
    return applier;
  }

  /** The buffer for tokens of the last stream. */
  TokenBuffer buffer() {
    return buffer;
  }

  @Override
  public void close() {
    settings = null;
    if (buffer != null) {
      buffer.close();
      applier.close();
      buffer = null;
      applier = null;
    }
  }
}
