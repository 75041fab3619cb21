package io.hla.layers;

import io.hla.algebra.Precision;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Element;
import io.hla.kernels.Kernels;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Prints how much of the multiply-add peak of a core products have, and nanoseconds a number of the
 * rest: the best of many turns of some milliseconds on the processor, the peak measured among them.
 *
 * <p>{@code java -cp target/classes:target/test-classes io.hla.layers.LayerBenchmark [KERNELS
 * [ISA]]}; native avx2 and the like, or java.
 */
final class LayerBenchmark {
  private static final int[] SIZES = {64, 128, 256, 512, 1024};
  private static final int[] TOKENS = {1, 2, 4, 8, 64, 512};
  private static final double TURN = 2e6;
  private static final int TURNS = 60;
  private static final int CALLS = 4;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final AttentionKernel attention;
  private final LayerKernel kernel;

  private LayerBenchmark(AttentionKernel attention) {
    this.attention = attention;
    kernel = LayerKernel.of(attention);
  }

  public static void main(String[] arguments) {
    LayerBenchmark benchmark =
        new LayerBenchmark(
            Kernels.choose(
                arguments.length > 0 ? arguments[0] : "auto",
                arguments.length > 1 ? arguments[1] : "auto"));
    for (Element element : Element.values()) {
      benchmark.products(element);
      benchmark.rest(element);
    }
  }

  private void products(Element element) {
    Precision precision = element == Element.FLOAT ? Precision.FLOAT32 : Precision.FLOAT64;
    System.out.printf(
        Locale.ROOT,
        "%s, %s %s: GFLOP/s of D x D weights (share of the peak), by tokens%n%6s",
        element,
        attention.name(),
        attention.instructionSet(),
        "D");
    Arrays.stream(TOKENS).forEach(tokens -> System.out.printf(Locale.ROOT, "%14d", tokens));
    System.out.println();
    for (int size : SIZES) {
      System.out.printf(Locale.ROOT, "%6d", size);
      Weights w =
          Samples.weights(element, size, size, Samples.numbers(size * size, new Random(1), 0));
      for (int tokens : TOKENS) {
        Activations x =
            Samples.activations(
                element, tokens, size, Samples.numbers(tokens * size, new Random(2), 0));
        Activations y = new Activations(element, tokens, size);
        double operations = 2.0 * size * size * tokens;
        double peak = 0;
        double rate = 0;
        for (int turn = 0; turn < TURNS; turn++) {
          peak = Math.max(peak, attention.peak(precision));
          rate = Math.max(rate, operations / nanoseconds(() -> kernel.linear(w, x, y, tokens)));
        }
        System.out.printf(
            Locale.ROOT, "%8.1f (%s)", rate, peak > 0 ? String.format("%.2f", rate / peak) : "-");
      }
      System.out.println();
    }
  }

  private void rest(Element element) {
    int tokens = 64;
    int width = 1024;
    Activations x =
        Samples.activations(
            element, tokens, width, Samples.numbers(tokens * width, new Random(3), 0));
    Activations y =
        Samples.activations(
            element, tokens, width, Samples.numbers(tokens * width, new Random(4), 0));
    Activations to = new Activations(element, tokens, width);
    double[] weight = Samples.numbers(width, new Random(5), 0);
    double[] probability = new double[tokens];
    int[] ids = new int[tokens];
    System.out.printf(
        Locale.ROOT,
        "%s, ns a number: rmsNorm %.2f, multiplySwish %.2f, logProbability %.2f%n",
        element,
        best(() -> kernel.rmsNorm(weight, 1e-5, x, to, tokens)) / tokens / width,
        best(() -> kernel.multiplySwish(x, y, tokens)) / tokens / width,
        best(() -> kernel.logProbability(x, ids, probability, tokens)) / tokens / width);
  }

  private static double best(Runnable call) {
    double best = Double.MAX_VALUE;
    for (int turn = 0; turn < TURNS; turn++) {
      best = Math.min(best, nanoseconds(call));
    }
    return best;
  }

  /** Nanoseconds of a call on its processor, in one turn. */
  private static double nanoseconds(Runnable call) {
    int calls = 0;
    long start = THREADS.getCurrentThreadCpuTime();
    long now = start;
    while (now - start < TURN) {
      for (int i = 0; i < CALLS; i++, calls++) {
        call.run();
      }
      now = THREADS.getCurrentThreadCpuTime();
    }
    return (double) (now - start) / calls;
  }
}
