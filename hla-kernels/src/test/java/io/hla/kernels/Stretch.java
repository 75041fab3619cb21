package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import java.util.Arrays;
import java.util.Random;

/** A stretch of tokens in double, fed to kernels in the precision of the settings. */
record Stretch(double[] q, double[] k, double[] v, double[] gate) {
  Stretch(double[] q, double[] k, double[] v) {
    this(q, k, v, null);
  }

  static Stretch normal(AttentionSettings settings, int tokens, long seed) {
    Random random = new Random(seed);
    return new Stretch(
        fill(tokens * settings.queryWidth(), random),
        fill(tokens * settings.keyWidth(), random),
        fill(tokens * settings.valueWidth(), random),
        settings.gated() ? gates(tokens * settings.numHeads(), random) : null);
  }

  /** Resets, small and large gates, and ones. */
  private static double[] gates(int length, Random random) {
    double[] gates = new double[length];
    for (int i = 0; i < length; i++) {
      gates[i] =
          switch (random.nextInt(8)) {
            case 0 -> random.nextInt(4) == 0 ? 0 : random.nextDouble();
            case 1 -> 1;
            default -> 1 - random.nextDouble() / 16;
          };
    }
    return gates;
  }

  /** Values in -2 .. 2, so that sums stay exact in double. */
  static Stretch integers(AttentionSettings settings, int tokens, long seed) {
    Stretch stretch = normal(settings, tokens, seed);
    for (double[] values : new double[][] {stretch.q, stretch.k, stretch.v}) {
      Arrays.setAll(values, i -> Math.max(-2, Math.min(2, Math.rint(values[i] * 1.5))));
    }
    if (stretch.gate != null) {
      // Mostly ones: every half costs a bit of the sums.
      Arrays.setAll(stretch.gate, i -> i % 31 == 7 ? 0 : i % 29 == 5 ? 0.5 : 1);
    }
    return stretch;
  }

  // Multiples of 1/64 are exact in float, so that no precision starts with a rounding error.
  private static double[] fill(int length, Random random) {
    double[] values = new double[length];
    Arrays.setAll(values, i -> Math.rint(random.nextGaussian() * 64) / 64);
    return values;
  }

  Stretch absolute() {
    return new Stretch(absolute(q), absolute(k), absolute(v), gate);
  }

  private static double[] absolute(double[] values) {
    return Arrays.stream(values).map(Math::abs).toArray();
  }

  int tokens(AttentionSettings settings) {
    return q.length / settings.queryWidth();
  }

  /** Tokens {@code from} to {@code to - 1}. */
  Stretch slice(AttentionSettings settings, int from, int to) {
    return new Stretch(
        Arrays.copyOfRange(q, from * settings.queryWidth(), to * settings.queryWidth()),
        Arrays.copyOfRange(k, from * settings.keyWidth(), to * settings.keyWidth()),
        Arrays.copyOfRange(v, from * settings.valueWidth(), to * settings.valueWidth()),
        gate == null
            ? null
            : Arrays.copyOfRange(gate, from * settings.numHeads(), to * settings.numHeads()));
  }

  double[] outputs(AttentionKernel kernel, State inFront) {
    try (Applier applier = kernel.applier(inFront)) {
      return outputs(applier, inFront.settings());
    }
  }

  /** The state behind this stretch as the token stream leaves it. */
  State stateBehind(AttentionKernel kernel, State inFront) {
    try (Applier applier = kernel.applier(inFront)) {
      outputs(applier, inFront.settings());
      return applier.state();
    }
  }

  /** The outputs of this stretch as the next tokens of a stream. */
  double[] outputs(Applier applier, AttentionSettings settings) {
    int n = tokens(settings);
    int size = n * settings.outputWidth();
    if (settings.precision().isDouble()) {
      double[] o = new double[size];
      Arrays.fill(o, Double.NaN);
      applier.apply(q, k, v, gate, o, 0, n);
      return o;
    }
    float[] o = new float[size];
    Arrays.fill(o, Float.NaN);
    applier.apply(floats(q), floats(k), floats(v), gate, o, 0, n);
    return doubles(o);
  }

  Summary summary(AttentionKernel kernel, int step, State inFront) {
    try (Summarizer summarizer = kernel.summarizer(step, inFront)) {
      add(summarizer, inFront.settings());
      return summarizer.summary();
    }
  }

  /** Adds this stretch as the next tokens of a segment. */
  void add(Summarizer summarizer, AttentionSettings settings) {
    int n = tokens(settings);
    if (settings.precision().isDouble()) {
      summarizer.add(q, k, v, gate, 0, n);
    } else {
      summarizer.add(floats(q), floats(k), floats(v), gate, 0, n);
    }
  }

  static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  static float[] floats(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }
}
