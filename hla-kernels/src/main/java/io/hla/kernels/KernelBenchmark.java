package io.hla.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Times one thread of a kernel, arrays in and out of Java included, against the multiply-add peak
 * of the same core. Both are measured in turn, the best of each counts, so that other work on the
 * machine disturbs the ratio little.
 *
 * <p>Useful work is 4 x rows x columns operations for each linear attention of the operator's
 * program, token and head: what a recurrence needs for a matrix, its update and its read.
 */
public final class KernelBenchmark {
  /** Values of all arrays of a call: as many as stay in the second cache, as a job's do. */
  private static final int VALUES = 1 << 18;

  private static final int PEAK_TURNS = 20_000;
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

  /** What a token goes through. */
  public enum Pass {
    APPLY,
    SUMMARIZE
  }

  /**
   * Measures for about {@code seconds}.
   *
   * @throws IllegalStateException if the kernel does not compute what the recurrence computes
   */
  public static Result measure(
      AttentionKernel kernel, AttentionSettings settings, Pass pass, double seconds) {
    State zero = State.initial(settings);
    Tokens tokens = new Tokens(settings);
    check(kernel, zero, tokens);
    double bestPeak = Double.NaN;
    double best = Double.POSITIVE_INFINITY;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    do {
      if (kernel instanceof NativeKernel nativeKernel) {
        long start = System.nanoTime();
        double flops = nativeKernel.peak(settings.precision(), PEAK_TURNS);
        bestPeak = Math.max(Double.isNaN(bestPeak) ? 0 : bestPeak, flops / elapsed(start));
      }
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
    Tokens tokens = new Tokens(one);
    double best = Double.POSITIVE_INFINITY;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    do {
      long start = System.nanoTime();
      tokens.plain(one);
      best = Math.min(best, elapsed(start) / tokens.count);
    } while (System.nanoTime() < end);
    return new Result(best, usefulWork(one) / best, Double.NaN);
  }

  /** Operations of one token and head. */
  static double usefulWork(AttentionSettings settings) {
    Program program = Operators.outputs(settings);
    double work = 0;
    for (Program.Matrix matrix : program.matrices()) {
      int columns = program.width(matrix.z(), settings);
      // The column of ones is a cost of normalizing, not work that the outputs ask for.
      boolean wide = settings.normalize() && columns == settings.valueColumns();
      work += 4.0 * program.width(matrix.y(), settings) * (wide ? settings.valueDim() : columns);
    }
    return work;
  }

  // Nanoseconds per token of one call.
  private static double apply(AttentionKernel kernel, State zero, Tokens tokens) {
    try (Applier applier = kernel.applier(zero)) {
      long start = System.nanoTime();
      tokens.apply(applier);
      return elapsed(start) / tokens.count;
    }
  }

  private static double add(AttentionKernel kernel, State zero, Tokens tokens) {
    try (Summarizer summarizer = kernel.summarizer(0, zero)) {
      long start = System.nanoTime();
      tokens.add(summarizer);
      return elapsed(start) / tokens.count;
    }
  }

  private static double elapsed(long start) {
    return System.nanoTime() - start;
  }

  private static void check(AttentionKernel kernel, State zero, Tokens tokens) {
    tokens.clear();
    try (Applier applier = kernel.applier(zero)) {
      tokens.apply(applier);
    }
    double[] actual = tokens.outputs();
    try (Applier applier = Kernels.recurrent().applier(zero)) {
      tokens.apply(applier);
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
              "%s differs from the recurrence by %.2g of the largest output, expected at most %.2g",
              kernel.name(), worst / largest, CHECK_TOLERANCE));
    }
  }

  /** The same random tokens in the arrays that the precision wants. */
  private static final class Tokens {
    private final boolean isDouble;
    private final List<double[]> doubles = new ArrayList<>();
    private final List<float[]> floats = new ArrayList<>();
    private final int count;

    Tokens(AttentionSettings settings) {
      isDouble = settings.precision().isDouble();
      Random random = new Random(1);
      int[] widths = {
        settings.queryWidth(), settings.keyWidth(), settings.valueWidth(), settings.outputWidth()
      };
      int blocks = VALUES / Arrays.stream(widths).sum() / AttentionKernel.BLOCK;
      count = AttentionKernel.BLOCK * Math.max(1, blocks);
      for (int width : widths) {
        if (isDouble) {
          doubles.add(random.doubles((long) count * width, -0.5, 0.5).toArray());
        } else {
          float[] values = new float[count * width];
          for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
          }
          floats.add(values);
        }
      }
    }

    void clear() {
      if (isDouble) {
        Arrays.fill(doubles.get(3), Double.NaN);
      } else {
        Arrays.fill(floats.get(3), Float.NaN);
      }
    }

    void apply(Applier applier) {
      if (isDouble) {
        applier.apply(doubles.get(0), doubles.get(1), doubles.get(2), doubles.get(3), 0, count);
      } else {
        applier.apply(floats.get(0), floats.get(1), floats.get(2), floats.get(3), 0, count);
      }
    }

    void plain(AttentionSettings settings) {
      PlainRecurrence.run(
          settings.operator(),
          floats.get(0),
          floats.get(1),
          floats.get(2),
          floats.get(3),
          settings);
    }

    void add(Summarizer summarizer) {
      if (isDouble) {
        summarizer.add(doubles.get(0), doubles.get(1), doubles.get(2), 0, count);
      } else {
        summarizer.add(floats.get(0), floats.get(1), floats.get(2), 0, count);
      }
    }

    double[] outputs() {
      if (isDouble) {
        return doubles.get(3).clone();
      }
      double[] wide = new double[floats.get(3).length];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = floats.get(3)[i];
      }
      return wide;
    }
  }
}
