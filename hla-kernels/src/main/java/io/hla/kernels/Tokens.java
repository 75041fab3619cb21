package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import java.util.Locale;

/**
 * The arrays of a call: rows of tokens, packed as in {@link Applier}.
 *
 * @param query [tokens][H d]
 * @param key [tokens][Hkv d]
 * @param value [tokens][Hkv dv]
 * @param gate [tokens][H]; null without gates
 * @param output [tokens][H dv]; null where none is wanted
 */
record Tokens(Numbers query, Numbers key, Numbers value, double[] gate, Numbers output) {

  static Tokens of(float[] query, float[] key, float[] value, double[] gate, float[] output) {
    return new Tokens(
        Numbers.of(query), Numbers.of(key), Numbers.of(value), gate, Numbers.of(output));
  }

  static Tokens of(double[] query, double[] key, double[] value, double[] gate, double[] output) {
    return new Tokens(
        Numbers.of(query), Numbers.of(key), Numbers.of(value), gate, Numbers.of(output));
  }

  /**
   * Checks the arrays once, so that kernels may trust them.
   *
   * @throws IllegalArgumentException if one is too short, of the wrong type, or a gate is not in
   *     [0, 1]
   */
  void check(AttentionSettings settings, int from, int count) {
    if (query.element() == Element.DOUBLE && !settings.precision().isDouble()) {
      throw new IllegalArgumentException(
          "double arrays with precision " + settings.precision().text() + ", expected float");
    }
    if (from < 0 || count < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "tokens from %d, count %d, expected both from 0", from, count));
    }
    holds("query", query.length(), settings.queryWidth(), from, count);
    holds("key", key.length(), settings.keyWidth(), from, count);
    holds("value", value.length(), settings.valueWidth(), from, count);
    if (settings.gated() == (gate == null)) {
      throw new IllegalArgumentException(
          settings.gated() ? "no gates, expected some" : "gates, expected none");
    }
    if (gate != null) {
      holds("gate", gate.length, settings.numHeads(), from, count);
      checkGates(gate, from * settings.numHeads(), (from + count) * settings.numHeads());
    }
    if (output != null) {
      holds("output", output.length(), settings.outputWidth(), from, count);
    }
  }

  private static void holds(String name, int length, int width, int from, int count) {
    long needed = ((long) from + count) * width;
    if (length < needed) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s has %d values, expected %d: tokens %d to %d of %d values each",
              name,
              length,
              needed,
              from,
              from + count - 1,
              width));
    }
  }

  private static void checkGates(double[] gate, int from, int end) {
    for (int i = from; i < end; i++) {
      if (!(gate[i] >= 0 && gate[i] <= 1)) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "gate %d is %s, expected a number in [0, 1]", i, gate[i]));
      }
    }
  }
}
