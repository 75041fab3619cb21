package io.hla.kernels;

/** Every operator in blocks of tokens, in Java; {@link BlockSession} gives the equations. */
public final class JavaKernel extends AttentionKernel {
  /** Tokens of a block, a divisor of {@link AttentionKernel#BLOCK}. */
  static final int TOKENS = 32;

  @Override
  public String name() {
    return "java";
  }

  @Override
  public String instructionSet() {
    return "jvm";
  }

  @Override
  Session open(Computation computation, double[] matrices) {
    return computation.settings().precision().isDouble()
        ? new DoubleSession(new BlockSession<>(computation, matrices, new DoubleRows(), TOKENS))
        : new FloatSession(new BlockSession<>(computation, matrices, new FloatRows(), TOKENS));
  }

  private record FloatSession(BlockSession<float[]> blocks) implements Session {
    @Override
    public void process(
        float[] query, float[] key, float[] value, float[] output, int from, int count) {
      blocks.run(query, key, value, output, from, count);
    }

    @Override
    public void process(
        double[] query, double[] key, double[] value, double[] output, int from, int count) {
      throw new AssertionError("double tokens in a session of floats");
    }

    @Override
    public void read(double[] matrices) {
      blocks.read(matrices);
    }

    @Override
    public void close() {}
  }

  private record DoubleSession(BlockSession<double[]> blocks) implements Session {
    @Override
    public void process(
        float[] query, float[] key, float[] value, float[] output, int from, int count) {
      throw new AssertionError("float tokens in a session of doubles");
    }

    @Override
    public void process(
        double[] query, double[] key, double[] value, double[] output, int from, int count) {
      blocks.run(query, key, value, output, from, count);
    }

    @Override
    public void read(double[] matrices) {
      blocks.read(matrices);
    }

    @Override
    public void close() {}
  }
}
