package io.hla.kernels;

/** Every operator in blocks of tokens, in Java; {@link BlockSession} gives the equations. */
public final class JavaKernel extends AttentionKernel {
  /** Tokens of a block, a divisor of {@link AttentionKernel#BLOCK}; 16 to 64 were measured. */
  private static final int TOKENS = 32;

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
    Precision precision = computation.settings().precision();
    if (precision.isDouble()) {
      return new Doubles(new BlockSession<>(computation, matrices, null, new DoubleRows(), TOKENS));
    }
    double[] sums = precision == Precision.MIXED ? matrices : null;
    return new Floats(new BlockSession<>(computation, matrices, sums, new FloatRows(), TOKENS));
  }

  private record Floats(BlockSession<float[]> blocks) implements Session {
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

  private record Doubles(BlockSession<double[]> blocks) implements Session {
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
