package io.hla.kernels;

/** Float tokens through a session of doubles, widened block by block. */
record WideSession(AttentionSettings settings, Session doubles) implements Session {

  @Override
  public void process(
      float[] query, float[] key, float[] value, float[] output, int from, int count) {
    for (int done = 0; done < count; done += AttentionKernel.BLOCK) {
      int tokens = Math.min(AttentionKernel.BLOCK, count - done);
      int at = from + done;
      double[] wide = output == null ? null : new double[tokens * settings.outputWidth()];
      doubles.process(
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
    doubles.process(query, key, value, output, from, count);
  }

  @Override
  public void read(double[] matrices) {
    doubles.read(matrices);
  }

  @Override
  public void close() {
    doubles.close();
  }
}
