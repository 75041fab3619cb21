package io.hla.kernels;

/** What is done with a batch of tokens of one query head, or of all that share a matrix. */
interface BatchStep {

  /** Runs the first {@code tokens} tokens of the batch. */
  void run(int tokens);
}
