package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntSupplier;

/**
 * Arrays and numbers of one call, in the type that the precision wants or, for a wrong call, in the
 * other. Around the named tokens inputs are NaN and the output is a value that must stay.
 */
final class TokenCall {
  private static final double UNTOUCHED = 777;

  private double[] q;
  private double[] k;
  private double[] v;
  private double[] gate;
  private double[] o;
  private boolean isDouble;
  private int from;
  private int count;

  private TokenCall() {}

  static TokenCall of(AttentionSettings settings, Stretch tokens, int from, IntSupplier tail) {
    TokenCall call = new TokenCall();
    call.isDouble = settings.precision().isDouble();
    call.from = from;
    call.count = tokens.tokens(settings);
    call.q = around(tokens.q(), from * settings.queryWidth(), tail.getAsInt(), Double.NaN);
    call.k = around(tokens.k(), from * settings.keyWidth(), tail.getAsInt(), Double.NaN);
    call.v = around(tokens.v(), from * settings.valueWidth(), tail.getAsInt(), Double.NaN);
    call.gate =
        tokens.gate() == null
            ? null
            : around(tokens.gate(), from * settings.numHeads(), tail.getAsInt(), Double.NaN);
    int width = settings.outputWidth();
    call.o = around(new double[call.count * width], from * width, tail.getAsInt(), UNTOUCHED);
    Arrays.fill(call.o, UNTOUCHED);
    return call;
  }

  private static double[] around(double[] values, int front, int tail, double value) {
    double[] all = new double[front + values.length + tail];
    Arrays.fill(all, value);
    System.arraycopy(values, 0, all, front, values.length);
    return all;
  }

  void apply(Applier applier) {
    if (isDouble) {
      applier.apply(q, k, v, gate, o, from, count);
      return;
    }
    float[] narrow = floats(o);
    try {
      applier.apply(floats(q), floats(k), floats(v), gate, narrow, from, count);
    } finally {
      o = narrow == null ? null : Stretch.doubles(narrow);
    }
  }

  void add(Summarizer summarizer) {
    if (isDouble) {
      summarizer.add(q, k, v, gate, from, count);
    } else {
      summarizer.add(floats(q), floats(k), floats(v), gate, from, count);
    }
  }

  private static float[] floats(double[] values) {
    return values == null ? null : Stretch.floats(values);
  }

  /** The outputs, when nothing around them was written. */
  double[] written(AttentionSettings settings) {
    int width = settings.outputWidth();
    int end = (from + count) * width;
    assertUntouched(Arrays.copyOf(o, from * width));
    assertUntouched(Arrays.copyOfRange(o, end, o.length));
    return Arrays.copyOfRange(o, from * width, end);
  }

  void assertNothingWritten() {
    if (o != null) {
      assertUntouched(o);
    }
  }

  private static void assertUntouched(double[] values) {
    assertThat(Arrays.stream(values).allMatch(value -> value == UNTOUCHED)).isTrue();
  }

  boolean hasNull(int arrays) {
    return q == null || k == null || v == null || (arrays == 4 && o == null);
  }

  /** Makes this call a wrong one that names {@code arrays} of q, k, v, o. */
  TokenCall spoilt(AttentionSettings settings, int arrays, Random random) {
    int which = random.nextInt(arrays);
    switch (random.nextInt(6)) {
      case 0 -> replace(which, null);
      case 1 -> {
        // Float arrays are right in every precision.
        from = settings.precision().isDouble() ? -1 : from;
        isDouble = true;
      }
      case 2 -> from = random.nextBoolean() ? -1 - random.nextInt(9) : Integer.MIN_VALUE;
      case 3 -> count = random.nextBoolean() ? -1 - random.nextInt(9) : Integer.MIN_VALUE;
      case 4 -> {
        from = random.nextBoolean() ? from + 1 : Integer.MAX_VALUE;
        count = Integer.MAX_VALUE - random.nextInt(3);
      }
      default -> {
        // One value too few, or many; a token at least has to be missing.
        count = Math.max(count, 1);
        int[] widths = {
          settings.queryWidth(), settings.keyWidth(), settings.valueWidth(), settings.outputWidth()
        };
        int needed = (from + count) * widths[which];
        replace(
            which,
            Arrays.copyOf(
                array(which), random.nextBoolean() ? needed - 1 : random.nextInt(needed)));
        Arrays.fill(o, UNTOUCHED);
      }
    }
    return this;
  }

  private double[] array(int which) {
    return which == 0 ? q : which == 1 ? k : which == 2 ? v : o;
  }

  private void replace(int which, double[] array) {
    switch (which) {
      case 0 -> q = array;
      case 1 -> k = array;
      case 2 -> v = array;
      default -> o = array;
    }
  }

  @Override
  public String toString() {
    return String.format(
        "%s arrays of %s, %s, %s, %s values, from %d, count %d",
        isDouble ? "double" : "float", length(q), length(k), length(v), length(o), from, count);
  }

  private static Object length(double[] array) {
    return array == null ? null : array.length;
  }
}
