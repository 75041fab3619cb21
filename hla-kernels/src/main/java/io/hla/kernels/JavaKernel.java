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
    if (computation.arithmetic().isDouble()) {
      return new Doubles(
          computation.settings(),
          new BlockSession<>(computation, matrices, null, new DoubleRows(), TOKENS));
    }
    double[] sums = computation.arithmetic() == Precision.MIXED ? matrices : null;
    return new Floats(new BlockSession<>(computation, matrices, sums, new FloatRows(), TOKENS));
  }

  /** Float tokens in float arithmetic. */
  private record Floats(BlockSession<float[]> blocks) implements Session {
    @Override
    public void process(
        float[] query, float[] key, float[] value, float[] output, int from, int count) {
      blocks.run(query, key, value, output, from, count);
    }

    @Override
    public void process(
        double[] query, double[] key, double[] value, double[] output, int from, int count) {
      throw new AssertionError("double tokens in float arithmetic");
    }

    @Override
    public void read(double[] matrices) {
      blocks.read(matrices);
    }

    @Override
    public void close() {}
  }

  /** Tokens of either type in double arithmetic; float tokens are widened block by block. */
  private record Doubles(AttentionSettings settings, BlockSession<double[]> blocks)
      implements Session {
    @Override
    public void process(
        float[] query, float[] key, float[] value, float[] output, int from, int count) {
      for (int done = 0; done < count; done += BLOCK) {
        int tokens = Math.min(BLOCK, count - done);
        int at = from + done;
        double[] wide = output == null ? null : new double[tokens * settings.outputWidth()];
        blocks.run(
            widen(query, at, tokens, settings.queryWidth()),
            widen(key, at, tokens, settings.keyWidth()),
            widen(value, at, tokens, settings.valueWidth()),
            wide,
            0,
            tokens);
        for (int i = 0; output != null && i < wide.length; i++) {
          output[at * settings.outputWidth() + i] = (float) wide[i];
        }
      }
    }

    private static double[] widen(float[] values, int at, int tokens, int width) {
      double[] wide = new double[tokens * width];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = values[at * width + i];
      }
      return wide;
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
