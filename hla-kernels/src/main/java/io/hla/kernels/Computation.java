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
   * Whether mixed precision has to compute all of it in double: the published forms subtract sums
   * that grow far beyond their difference.
   */
  boolean needsDouble() {
    return settings.precision() == Precision.MIXED && settings.form() == Form.PUBLISHED;
  }

  /** The same for float64. */
  Computation inDouble() {
    return new Computation(settings.withPrecision(Precision.FLOAT64), program, layout);
  }
}
