package io.hla.layers;

import io.hla.kernels.Element;
import java.util.Arrays;

/** The kernel that runs wherever Java does: what the native ones do, number by number. */
final class JavaLayers extends LayerKernel {
  static final JavaLayers INSTANCE = new JavaLayers();

  /** Number i of a row is added to sum i % SUMS; these are added in halves. */
  private static final int SUMS = 16;

  private JavaLayers() {}

  @Override
  void multiply(Weights w, Activations x, Activations y, int tokens, boolean add) {
    int panel = Weights.panel(w.element());
    for (int first = 0; first < w.out(); first += panel) {
      int count = Math.min(panel, w.out() - first);
      for (int t = 0; t < tokens; t++) {
        if (w.element() == Element.FLOAT) {
          multiplyFloats(w, first, count, x.floats(), t, y.floats(), add);
        } else {
          multiplyDoubles(w, first, count, x.doubles(), t, y.doubles(), add);
        }
      }
    }
  }

  /** The outputs of one panel for one token. */
  private static void multiplyFloats(
      Weights w, int first, int count, float[] x, int token, float[] y, boolean add) {
    int panel = Weights.panel(Element.FLOAT);
    float[] sums = new float[panel];
    for (int from = 0; from < w.in(); from += PART) {
      int part = Math.min(PART, w.in() - from);
      int at = first * w.in() + from * panel;
      for (int half = 0; half < panel; half += 8) {
        addPart(w.floats(), at + half, x, token * w.in() + from, part, sums, half, from == 0);
      }
    }
    int to = token * w.out() + first;
    for (int j = 0; j < count; j++) {
      y[to + j] = add ? y[to + j] + sums[j] : sums[j];
    }
  }

  private static void multiplyDoubles(
      Weights w, int first, int count, double[] x, int token, double[] y, boolean add) {
    int panel = Weights.panel(Element.DOUBLE);
    double[] sums = new double[panel];
    for (int from = 0; from < w.in(); from += PART) {
      int part = Math.min(PART, w.in() - from);
      int at = first * w.in() + from * panel;
      addPart(w.doubles(), at, x, token * w.in() + from, part, sums, from == 0);
    }
    int to = token * w.out() + first;
    for (int j = 0; j < count; j++) {
      y[to + j] = add ? y[to + j] + sums[j] : sums[j];
    }
  }

  /** Eight chains in registers. */
  private static void addPart(
      float[] w, int at, float[] x, int from, int part, float[] sums, int to, boolean isFirst) {
    float a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    for (int i = from; i < from + part; i++, at += 16) {
      a = Math.fma(x[i], w[at], a);
      b = Math.fma(x[i], w[at + 1], b);
      c = Math.fma(x[i], w[at + 2], c);
      d = Math.fma(x[i], w[at + 3], d);
      e = Math.fma(x[i], w[at + 4], e);
      f = Math.fma(x[i], w[at + 5], f);
      g = Math.fma(x[i], w[at + 6], g);
      h = Math.fma(x[i], w[at + 7], h);
    }
    float[] chains = {a, b, c, d, e, f, g, h};
    for (int j = 0; j < chains.length; j++) {
      sums[to + j] = isFirst ? chains[j] : sums[to + j] + chains[j];
    }
  }

  private static void addPart(
      double[] w, int at, double[] x, int from, int part, double[] sums, boolean isFirst) {
    double a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    for (int i = from; i < from + part; i++, at += 8) {
      a = Math.fma(x[i], w[at], a);
      b = Math.fma(x[i], w[at + 1], b);
      c = Math.fma(x[i], w[at + 2], c);
      d = Math.fma(x[i], w[at + 3], d);
      e = Math.fma(x[i], w[at + 4], e);
      f = Math.fma(x[i], w[at + 5], f);
      g = Math.fma(x[i], w[at + 6], g);
      h = Math.fma(x[i], w[at + 7], h);
    }
    double[] chains = {a, b, c, d, e, f, g, h};
    for (int j = 0; j < chains.length; j++) {
      sums[j] = isFirst ? chains[j] : sums[j] + chains[j];
    }
  }

  @Override
  void normalize(double[] weight, double epsilon, Activations x, Activations y, int groups) {
    int size = weight.length;
    double[] sums = new double[SUMS];
    for (int from = 0; from < groups * size; from += size) {
      Arrays.fill(sums, 0);
      for (int i = 0; i < size; i++) {
        double number = x.get(from + i);
        sums[i % SUMS] = Math.fma(number, number, sums[i % SUMS]);
      }
      double factor = 1 / Math.sqrt(sum(sums) / size + epsilon);
      for (int i = 0; i < size; i++) {
        y.set(from + i, x.get(from + i) * factor * weight[i]);
      }
    }
  }

  @Override
  void multiplySwish(Activations gate, Activations y, int from, int count) {
    if (y.element() == Element.FLOAT) {
      for (int i = from; i < from + count; i++) {
        float z = gate.floats()[i];
        y.floats()[i] *= z / (1 + Exponential.exp(-z));
      }
    } else {
      for (int i = from; i < from + count; i++) {
        double z = gate.doubles()[i];
        y.doubles()[i] *= z / (1 + Exponential.exp(-z));
      }
    }
  }

  @Override
  void logProbabilityOf(Activations logits, int[] ids, double[] to, int tokens) {
    int width = logits.width();
    double[] sums = new double[SUMS];
    for (int t = 0; t < tokens; t++) {
      double most = Double.NEGATIVE_INFINITY;
      for (int i = t * width; i < (t + 1) * width; i++) {
        most = Math.max(most, logits.get(i));
      }
      Arrays.fill(sums, 0);
      for (int i = 0; i < width; i++) {
        sums[i % SUMS] += Exponential.exp(logits.get(t * width + i) - most);
      }
      to[t] = logits.get(t * width + ids[t]) - most - Exponential.log(sum(sums));
    }
  }

  /** Leaves its steps in {@code sums}. */
  private static double sum(double[] sums) {
    for (int half = SUMS / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        sums[i] += sums[i + half];
      }
    }
    return sums[0];
  }
}
