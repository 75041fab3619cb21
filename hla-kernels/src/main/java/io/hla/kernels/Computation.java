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
   * The arithmetic that keeps mixed precision's promise: the published forms subtract sums that
   * grow far beyond their difference, so float is not enough for them.
   */
  Precision arithmetic() {
    boolean cancels = settings.form() == Form.PUBLISHED;
    return settings.precision() == Precision.MIXED && cancels
        ? Precision.FLOAT64
        : settings.precision();
  }

  static Computation outputs(Algebra algebra) {
    return new Computation(algebra.settings(), algebra.outputs(), algebra.stateLayout());
  }

  static Computation summary(Algebra algebra, int step) {
    Program program = algebra.steps().get(step).program();
    return new Computation(
        algebra.settings(),
        program,
        new MatrixLayout(program, program.matrices(), algebra.settings()));
  }
}
