package io.hla.layers;

import io.hla.kernels.Element;
import java.util.List;

/**
 * The kernels in C. Arrays are held where they lie, and the garbage collector waits meanwhile: work
 * goes in pieces of one or two milliseconds.
 */
final class NativeLayers extends LayerKernel {
  /** In the order of the library. */
  private static final List<String> INSTRUCTION_SETS = List.of("baseline", "avx2", "avx512");

  /** Multiply-adds of a piece; baseline puts them together from other instructions. */
  private static final long PIECE = 40_000_000;

  private static final long BASELINE_PIECE = 1_000_000;

  /** Numbers of a piece that each take some operations. */
  private static final int NUMBERS = 1 << 18;

  /** Tokens that weights are read once for. */
  private static final int BLOCK_TOKENS = 96;

  private final int instructionSet;

  /** For a set of this processor, from a kernel: the library is loaded. */
  NativeLayers(String instructionSet) {
    this.instructionSet = INSTRUCTION_SETS.indexOf(instructionSet);
  }

  @Override
  void multiply(Weights w, Activations x, Activations y, int tokens, boolean add) {
    boolean doubles = w.element() == Element.DOUBLE;
    long most = Math.max(1, (instructionSet > 0 ? PIECE : BASELINE_PIECE) / w.in());
    int columns = w.panels() * Weights.panel(w.element());
    int panels = w.panels();
    int rows = (int) Math.min(tokens, Math.max(1, most / columns));
    if (rows < Math.min(tokens, BLOCK_TOKENS)) {
      rows =
          (int)
              Math.min(
                  Math.min(tokens, BLOCK_TOKENS), Math.max(1, most / Weights.panel(w.element())));
      panels = (int) Math.max(1, most / rows / Weights.panel(w.element()));
    }
    for (int panel = 0, panelCount; panel < w.panels(); panel += panelCount) {
      panelCount = Math.min(panels, w.panels() - panel);
      for (int token = 0, count; token < tokens; token += count) {
        count = Math.min(rows, tokens - token);
        linear(
            instructionSet,
            doubles,
            w.array(),
            w.in(),
            w.out(),
            x.array(),
            y.array(),
            token,
            count,
            panel,
            panelCount,
            add);
      }
    }
  }

  @Override
  void normalize(double[] weight, double epsilon, Activations x, Activations y, int groups) {
    int piece = Math.max(1, NUMBERS / weight.length);
    for (int group = 0, count; group < groups; group += count) {
      count = Math.min(piece, groups - group);
      rmsNorm(
          instructionSet,
          x.element() == Element.DOUBLE,
          weight,
          weight.length,
          epsilon,
          x.array(),
          y.array(),
          group,
          count);
    }
  }

  @Override
  void multiplySwish(Activations gate, Activations y, int from, int count) {
    for (int i = 0, piece; i < count; i += piece) {
      piece = Math.min(NUMBERS, count - i);
      multiplySwish(
          instructionSet, y.element() == Element.DOUBLE, gate.array(), y.array(), from + i, piece);
    }
  }

  @Override
  void logProbabilityOf(Activations logits, int[] ids, double[] to, int tokens) {
    int piece = Math.max(1, NUMBERS / logits.width());
    for (int token = 0, count; token < tokens; token += count) {
      count = Math.min(piece, tokens - token);
      logProbability(
          instructionSet,
          logits.element() == Element.DOUBLE,
          logits.array(),
          logits.width(),
          ids,
          to,
          token,
          count);
    }
  }

  private static native void linear(
      int instructionSet,
      boolean doubles,
      Object weights,
      int in,
      int out,
      Object x,
      Object y,
      int token,
      int tokens,
      int panel,
      int panels,
      boolean add);

  private static native void rmsNorm(
      int instructionSet,
      boolean doubles,
      double[] weight,
      int size,
      double epsilon,
      Object x,
      Object y,
      int group,
      int groups);

  private static native void multiplySwish(
      int instructionSet, boolean doubles, Object gate, Object y, int at, int count);

  private static native void logProbability(
      int instructionSet,
      boolean doubles,
      Object logits,
      int width,
      int[] ids,
      double[] to,
      int token,
      int tokens);
}
