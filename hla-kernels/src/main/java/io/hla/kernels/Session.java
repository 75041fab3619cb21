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

  /**
   * Runs the first {@code count} tokens of rows that have the widths and precision of the session.
   *
   * @param withOutput whether their outputs are wanted
   */
  default void process(TokenRows rows, boolean withOutput, int count) {
    HeapRows heap = rows instanceof HeapRows given ? given : HeapRows.copy(rows, count);
    if (rows.settings().precision().isDouble()) {
      process(
          heap.doubles(TokenRows.Part.QUERY),
          heap.doubles(TokenRows.Part.KEY),
          heap.doubles(TokenRows.Part.VALUE),
          withOutput ? heap.doubles(TokenRows.Part.OUTPUT) : null,
          0,
          count);
    } else {
      process(
          heap.floats(TokenRows.Part.QUERY),
          heap.floats(TokenRows.Part.KEY),
          heap.floats(TokenRows.Part.VALUE),
          withOutput ? heap.floats(TokenRows.Part.OUTPUT) : null,
          0,
          count);
    }
    if (withOutput && heap != rows) {
      heap.copyOutputs(rows, count);
    }
  }

  /** Copies all matrices, in the computation's layout. */
  void read(double[] matrices);

  /** Frees what the session holds outside the Java heap; may be called twice. */
  @Override
  void close();
}
