package io.hla.kernels;

/**
 * One stream of tokens through one {@link Computation}. Lengths were checked by the caller. Used by
 * one thread at a time.
 */
interface Session extends AutoCloseable {

  /**
   * Runs tokens {@code from} to {@code from + count - 1}; precisions float32 and mixed.
   *
   * @param output rows like the others, or null when the program has no output
   */
  void process(float[] query, float[] key, float[] value, float[] output, int from, int count);

  /** The same for float64. */
  void process(double[] query, double[] key, double[] value, double[] output, int from, int count);

  /** Copies all matrices, in the computation's layout. */
  void read(double[] matrices);

  /** Frees what the session holds outside the Java heap; may be called twice. */
  @Override
  void close();
}
