package io.hla.kernels;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Locale;

/**
 * The time a token takes on one thread, and how many times as fast that is as the recurrence of
 * sections 4.3 and 6.1 written out in plain loops over float matrices. Results are compared before
 * a time is printed. Arguments: head sizes, such as 64 128.
 */
final class JavaKernelSpeed {
  private static final int TOKENS = 4096;
  private static final int ROUNDS = 40;

  private JavaKernelSpeed() {}

  public static void main(String[] arguments) {
    int[] sizes =
        arguments.length == 0
            ? new int[] {64, 128}
            : Arrays.stream(arguments).mapToInt(Integer::parseInt).toArray();
    for (int d : sizes) {
      System.out.printf("d = dv = %d, us per token and head%n", d);
      for (Operator operator : Operator.values()) {
        compare(operator, d);
      }
    }
  }

  private static void compare(Operator operator, int d) {
    AttentionSettings.Builder builder =
        AttentionSettings.builder(d, d).operator(operator).decay(0.99).scale(1 / Math.sqrt(d));
    AttentionSettings settings = builder.precision(Precision.MIXED).build();
    Stretch tokens = Stretch.normal(settings, TOKENS, 1);
    double[] expected = tokens.outputs(Kernels.recurrent(), State.initial(settings));
    float[] q = Stretch.floats(tokens.q());
    float[] k = Stretch.floats(tokens.k());
    float[] v = Stretch.floats(tokens.v());
    float[] o = new float[v.length];
    double plain = Double.NaN;
    System.out.printf("  %-8s", operator.text());
    if (operator == Operator.HLA2 || operator == Operator.AHLA) {
      plain = best(() -> PlainRecurrence.run(operator, q, k, v, o, settings));
      check(settings, expected, Stretch.doubles(o));
      System.out.printf(Locale.ROOT, " plain %6.3f", plain);
    }
    for (Precision precision : Precision.values()) {
      AttentionSettings own = builder.precision(precision).build();
      double[] wide = new double[o.length];
      double time =
          best(
              () -> {
                try (Applier applier = Kernels.java().applier(State.initial(own))) {
                  if (precision.isDouble()) {
                    applier.apply(tokens.q(), tokens.k(), tokens.v(), wide, 0, TOKENS);
                  } else {
                    applier.apply(q, k, v, o, 0, TOKENS);
                  }
                }
              });
      check(settings, expected, precision.isDouble() ? wide : Stretch.doubles(o));
      System.out.printf(Locale.ROOT, "  %s %6.3f", precision.text(), time);
      if (!Double.isNaN(plain)) {
        System.out.printf(Locale.ROOT, " (%.1fx)", plain / time);
      }
    }
    System.out.println();
  }

  private static void check(AttentionSettings settings, double[] expected, double[] actual) {
    double error = Errors.largest(settings, expected, actual);
    if (!(error < 1e-4)) {
      throw new IllegalStateException("wrong result, error " + error + " with " + settings);
    }
  }

  /** The best round, in us of this thread's processor time per token. */
  private static double best(Runnable run) {
    ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    long best = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long start = clock.getCurrentThreadCpuTime();
      run.run();
      best = Math.min(best, clock.getCurrentThreadCpuTime() - start);
    }
    return best * 1e-3 / TOKENS;
  }
}
