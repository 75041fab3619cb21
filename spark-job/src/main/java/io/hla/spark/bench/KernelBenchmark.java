package io.hla.spark.bench;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.OperatorCost;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Element;
import io.hla.kernels.Kernels;
import io.hla.kernels.Summarizer;
import io.hla.kernels.TokenRows;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Times one thread of a kernel, rows of its own kind in and out, against the multiply-add peak of
 * the same core. Both are measured in turn, the best of each counts, so that other work on the
 * machine disturbs the ratio little.
 *
 * <p>Useful work is 2 x rows x columns operations for each update and each read of a matrix of the
 * operator's program, token and query head: what a recurrence needs. Heads that share matrices are
 * counted as if they did not, so that their share of the peak may pass 1.
 */
public final class KernelBenchmark {
  /** Values of all rows of a call: as many as a job's, which stay in the second cache. */
  private static final int VALUES = 1 << 15;

  /** Tokens between two looks at the clock, at least: a stream's, whose memory is warm. */
  private static final int TOKENS = 4096;

  private static final double CHECK_TOLERANCE = 1e-3;

  private KernelBenchmark() {}

  /**
   * One measurement.
   *
   * @param nanoseconds per token and query head
   * @param gigaflops useful operations per nanosecond
   * @param peakGigaflops of registers alone, NaN where no native library can measure it
   */
  public record Result(double nanoseconds, double gigaflops, double peakGigaflops) {
    /** The share of the peak that is useful work. */
    public double ratio() {
      return gigaflops / peakGigaflops;
    }
  }

  /** What a token goes through; or what the scan does to a summary and a state. */
  public enum Pass {
    APPLY,
    SUMMARIZE,
    COMBINE,
    ADVANCE;

    /** Whether it looks at tokens. */
    public boolean isOfTokens() {
      return this == APPLY || this == SUMMARIZE;
    }
  }

  /**
   * Measures for about {@code seconds}.
   *
   * @param call tokens of a call, or 0 for as many as stay in the second cache
   * @param element what rows hold; doubles in float64 alone
   * @throws IllegalStateException if the kernel does not compute what the recurrence computes
   */
  public static Result measure(
      AttentionKernel kernel,
      AttentionSettings settings,
      Pass pass,
      int call,
      Element element,
      double seconds) {
    try (Sample tokens = new Sample(kernel, settings, call, element)) {
      return measure(kernel, settings, pass, tokens, seconds);
    }
  }

  private static Result measure(
      AttentionKernel kernel,
      AttentionSettings settings,
      Pass pass,
      Sample tokens,
      double seconds) {
    State zero = State.initial(settings);
    check(kernel, zero, tokens);
    double bestPeak = Double.NaN;
    double best = Double.POSITIVE_INFINITY;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    do {
      double peak = kernel.peak(settings.precision());
      bestPeak = Double.isNaN(bestPeak) ? peak : Math.max(bestPeak, peak);
      best =
          Math.min(
              best, pass == Pass.APPLY ? apply(kernel, zero, tokens) : add(kernel, zero, tokens));
    } while (System.nanoTime() < end);
    double perHead = best / settings.numHeads();
    return new Result(perHead, usefulWork(settings) / perHead, bestPeak);
  }

  /**
   * The same for a plain recurrence in Java as a user would write it: one head, exact and causal,
   * in float whatever the precision.
   */
  public static Result plainRecurrence(AttentionSettings settings, double seconds) {
    AttentionSettings one =
        AttentionSettings.builder(settings.headDim(), settings.valueDim())
            .operator(settings.operator())
            .scale(settings.scale())
            .build();
    Sample tokens = new Sample(Kernels.java(), one, 0, Element.FLOAT);
    double best = Double.POSITIVE_INFINITY;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    do {
      long start = System.nanoTime();
      tokens.plain(one);
      best = Math.min(best, elapsed(start) / tokens.count);
    } while (System.nanoTime() < end);
    return new Result(best, usefulWork(one) / best, Double.NaN);
  }

  /**
   * Milliseconds of one step of the scan, with the bytes in and out that it has in a job: the best
   * of those in about {@code seconds}.
   */
  public static double scanMillis(AttentionSettings settings, Pass pass, double seconds) {
    try (Sample tokens =
            new Sample(Kernels.java(), settings, AttentionKernel.BLOCK, Element.FLOAT);
        Summarizer summarizer = Kernels.java().summarizer(0, State.initial(settings))) {
      summarizer.add(tokens.rows, tokens.count);
      byte[] summary = summarizer.summary().toBytes();
      byte[] state = State.initial(settings).toBytes();
      double best = Double.POSITIVE_INFINITY;
      long end = System.nanoTime() + (long) (seconds * 1e9);
      do {
        long start = System.nanoTime();
        byte[] result =
            pass == Pass.COMBINE
                ? Summary.fromBytes(summary).combine(Summary.fromBytes(summary)).toBytes()
                : State.fromBytes(state).advance(Summary.fromBytes(summary)).toBytes();
        best = Math.min(best, result.length == 0 ? best : elapsed(start));
      } while (System.nanoTime() < end);
      return best / 1e6;
    }
  }

  /** Operations of one token and head. The column of ones is a cost of normalizing, not work. */
  static double usefulWork(AttentionSettings settings) {
    return OperatorCost.of(settings.withNormalize(false)).operations();
  }

  // Nanoseconds per token.
  private static double apply(AttentionKernel kernel, State zero, Sample tokens) {
    try (Applier applier = kernel.applier(zero)) {
      int calls = calls(tokens);
      long start = System.nanoTime();
      for (int i = 0; i < calls; i++) {
        applier.apply(tokens.rows, tokens.count);
      }
      return elapsed(start) / calls / tokens.count;
    }
  }

  private static double add(AttentionKernel kernel, State zero, Sample tokens) {
    try (Summarizer summarizer = kernel.summarizer(0, zero)) {
      int calls = calls(tokens);
      long start = System.nanoTime();
      for (int i = 0; i < calls; i++) {
        summarizer.add(tokens.rows, tokens.count);
      }
      return elapsed(start) / calls / tokens.count;
    }
  }

  private static int calls(Sample tokens) {
    return Math.max(1, TOKENS / tokens.count);
  }

  private static double elapsed(long start) {
    return System.nanoTime() - start;
  }

  private static void check(AttentionKernel kernel, State zero, Sample tokens) {
    tokens.clear();
    try (Applier applier = kernel.applier(zero)) {
      applier.apply(tokens.rows, tokens.count);
    }
    double[] actual = tokens.outputs();
    try (Applier applier = Kernels.recurrent().applier(zero)) {
      applier.apply(tokens.rows, tokens.count);
    }
    double[] expected = tokens.outputs();
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs(expected[i] - actual[i]));
    }
    if (!(worst <= CHECK_TOLERANCE * largest)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s differs from the recurrence by %.2g of the largest output, expected at most %.2g",
              kernel.name(),
              worst / largest,
              CHECK_TOLERANCE));
    }
  }

  /** The same random tokens in the rows that the kernel wants. */
  private static final class Sample implements AutoCloseable {
    private final TokenRows rows;
    private final int count;

    Sample(AttentionKernel kernel, AttentionSettings settings, int call, Element element) {
      int width =
          settings.queryWidth()
              + settings.keyWidth()
              + settings.valueWidth()
              + settings.outputWidth();
      int blocks = VALUES / width / AttentionKernel.BLOCK;
      count = call > 0 ? call : AttentionKernel.BLOCK * Math.max(1, blocks);
      rows = kernel.rows(settings, count, element, element);
      Random random = new Random(1);
      // Denominators stay away from 0: the outputs would have nothing but rounding errors.
      float least = settings.normalize() ? 0 : -0.5f;
      for (TokenRows.Part part : TokenRows.Part.values()) {
        for (int i = 0; i < count * rows.width(part); i++) {
          rows.set(part, i, random.nextFloat() + least);
        }
      }
    }

    void clear() {
      for (int i = 0; i < count * rows.width(TokenRows.Part.OUTPUT); i++) {
        rows.set(TokenRows.Part.OUTPUT, i, Double.NaN);
      }
    }

    void plain(AttentionSettings settings) {
      PlainRecurrence.run(
          settings.operator(),
          (float[]) rows.array(TokenRows.Part.QUERY),
          (float[]) rows.array(TokenRows.Part.KEY),
          (float[]) rows.array(TokenRows.Part.VALUE),
          (float[]) rows.array(TokenRows.Part.OUTPUT),
          settings);
    }

    double[] outputs() {
      double[] wide = new double[count * rows.width(TokenRows.Part.OUTPUT)];
      Arrays.setAll(wide, i -> rows.get(TokenRows.Part.OUTPUT, i));
      return wide;
    }

    @Override
    public void close() {
      rows.close();
    }
  }
}
