package io.hla.spark.validate;

import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.State;
import io.hla.kernels.Summarizer;
import io.hla.kernels.Summary;
import java.util.Arrays;

/**
 * Consecutive tokens of one sequence in the driver's memory: q [n][H d], k [n][Hkv d], v [n][Hkv
 * dv], packed.
 */
record Tokens(int count, double[] q, double[] k, double[] v) {

  /** Tokens {@code from} to {@code to - 1}. */
  Tokens slice(AttentionSettings settings, int from, int to) {
    return new Tokens(
        to - from,
        Arrays.copyOfRange(q, from * settings.queryWidth(), to * settings.queryWidth()),
        Arrays.copyOfRange(k, from * settings.keyWidth(), to * settings.keyWidth()),
        Arrays.copyOfRange(v, from * settings.valueWidth(), to * settings.valueWidth()));
  }

  Summary summary(AttentionKernel kernel, int step, State inFront) {
    try (Summarizer summarizer = kernel.summarizer(step, inFront)) {
      if (inFront.settings().precision().isDouble()) {
        summarizer.add(q, k, v, 0, count);
      } else {
        summarizer.add(floats(q), floats(k), floats(v), 0, count);
      }
      return summarizer.summary();
    }
  }

  /** The state behind the last token, as the stream leaves it. */
  State stateBehind(AttentionKernel kernel, State inFront) {
    AttentionSettings settings = inFront.settings();
    int size = count * settings.outputWidth();
    try (Applier applier = kernel.applier(inFront)) {
      if (settings.precision().isDouble()) {
        applier.apply(q, k, v, new double[size], 0, count);
      } else {
        applier.apply(floats(q), floats(k), floats(v), new float[size], 0, count);
      }
      return applier.state();
    }
  }

  private static float[] floats(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }
}
