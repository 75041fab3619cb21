package io.hla.kernels;

/**
 * What a session runs: a program under settings, its matrices laid out in one array.
 *
 * @param settings heads, sizes and options
 * @param program reads and matrices
 * @param layout of all of the program's matrices
 */
record Computation(AttentionSettings settings, Program program, MatrixLayout layout) {

  /**
   * The arithmetic that is used. Mixed precision computes in double where an output is a
   * difference: of the published forms, of sums that grow far beyond it.
   */
  Precision arithmetic() {
    boolean subtracts = program.output().stream().anyMatch(term -> term.coefficient() < 0);
    return settings.precision() == Precision.MIXED && subtracts
        ? Precision.FLOAT64
        : settings.precision();
  }
}
