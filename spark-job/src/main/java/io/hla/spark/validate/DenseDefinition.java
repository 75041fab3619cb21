package io.hla.spark.validate;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Form;
import io.hla.kernels.Mask;

/**
 * Outputs as they are defined: sums over explicit index tuples, in double, with no state and no
 * recurrence. Costs O(t^2) products a token, O(t^3) for hla3 published.
 */
final class DenseDefinition {
  private final AttentionSettings settings;
  private final double[][][] q;
  private final double[][][] k;
  private final Tokens tokens;

  /** {@code tokens} are those of one sequence from its first on. */
  DenseDefinition(AttentionSettings settings, Tokens tokens) {
    this.settings = settings;
    this.tokens = tokens;
    int d = settings.headDim();
    q = rows(tokens.q(), settings.numHeads(), d, settings.scale());
    k = rows(tokens.k(), settings.numKvHeads(), d, 1);
  }

  /** Output of the token at {@code t}, [H dv]. */
  double[] output(int t) {
    int dv = settings.valueDim();
    double[] output = new double[settings.outputWidth()];
    for (int head = 0; head < settings.numHeads(); head++) {
      double[] weights = weights(head, t);
      double denominator = settings.epsilon();
      for (int j = 0; j <= t; j++) {
        denominator += weights[j];
        int at = j * settings.valueWidth() + settings.kvHead(head) * dv;
        for (int c = 0; c < dv; c++) {
          output[head * dv + c] += weights[j] * tokens.v()[at + c];
        }
      }
      for (int c = 0; settings.normalize() && c < dv; c++) {
        output[head * dv + c] /= denominator;
      }
    }
    return output;
  }

  /** The weight of v_j in the output of token t. */
  private double[] weights(int head, int t) {
    double[][] qh = q[head];
    double[][] kh = k[settings.kvHead(head)];
    boolean masked = settings.mask() == Mask.CAUSAL;
    boolean exact = settings.form() == Form.EXACT;
    double g = settings.decay().get(head);
    double[] past = new double[t + 1];
    double[] a = new double[t + 1];
    for (int i = 0; i <= t; i++) {
      past[i] = Math.pow(g, t - i);
      a[i] = past[i] * dot(qh[t], kh[i]);
    }
    double[] w = new double[t + 1];
    for (int j = 0; j <= t; j++) {
      w[j] =
          switch (settings.operator()) {
            case LINEAR -> a[j];
            case HLA2 -> past[j] * sum(a, kh, qh[j], 0, masked && exact ? j : t);
            case AHLA -> masked ? ahla(qh, kh[j], a, g, j, t) : past[j] * sum(a, qh, kh[j], 0, t);
            case HLA3 -> 0;
          };
      w[j] += settings.ridge() * past[j] * (settings.ridge() == 0 ? 0 : dot(qh[t], qh[j]));
    }
    switch (settings.operator()) {
      case HLA2 -> {
        if (masked && !exact) {
          subtractPrinted(w, qh, kh, g, t);
        }
      }
      case HLA3 -> {
        if (masked && !exact) {
          published(w, qh, kh, g, t);
        } else {
          hla3(w, qh, kh, a, past, masked, t);
        }
      }
      default -> {}
    }
    return w;
  }

  // Sum over i of a_i (x_i . y), from <= i <= to.
  private static double sum(double[] a, double[][] x, double[] y, int from, int to) {
    double sum = 0;
    for (int i = from; i <= to; i++) {
      sum += a[i] * dot(x[i], y);
    }
    return sum;
  }

  private static double ahla(double[][] qh, double[] kj, double[] a, double g, int j, int t) {
    double sum = 0;
    for (int i = j; i <= t; i++) {
      sum += a[i] * Math.pow(g, i - j) * dot(qh[i], kj);
    }
    return sum;
  }

  // Section 4.3 as printed: G_t has weight g^(t-1-j) for j < i.
  private static void subtractPrinted(double[] w, double[][] qh, double[][] kh, double g, int t) {
    for (int j = 0; j < t; j++) {
      double sum = 0;
      for (int i = j + 1; i <= t; i++) {
        sum += dot(qh[t], kh[i]) * dot(kh[i], qh[j]);
      }
      w[j] -= Math.pow(g, t - 1 - j) * sum;
    }
  }

  private static void hla3(
      double[] w, double[][] qh, double[][] kh, double[] a, double[] past, boolean masked, int t) {
    for (int u = 0; u <= t; u++) {
      int to = masked ? u : t;
      double inner = past[u] * sum(a, kh, qh[u], 0, to);
      for (int j = 0; j <= to; j++) {
        w[j] += past[j] * inner * dot(qh[u], kh[j]);
      }
    }
  }

  // Algorithm 3: triples whose largest index is unique are taken away, with its own decay.
  private static void published(double[] w, double[][] qh, double[][] kh, double g, int t) {
    for (int i = 0; i <= t; i++) {
      for (int u = 0; u <= t; u++) {
        double iu = dot(qh[t], kh[i]) * dot(qh[u], kh[i]);
        for (int j = 0; j <= t; j++) {
          int top = Math.max(i, Math.max(u, j));
          int atTop = (i == top ? 1 : 0) + (u == top ? 1 : 0) + (j == top ? 1 : 0);
          double weight = Math.pow(g, 3.0 * t - i - u - j);
          if (atTop == 1) {
            weight -= Math.pow(g, (t - top) + 2.0 * (top - 1) - (i + u + j - top));
          }
          w[j] += weight * iu * dot(qh[u], kh[j]);
        }
      }
    }
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private double[][][] rows(double[] packed, int heads, int d, double scale) {
    double[][][] rows = new double[heads][tokens.count()][d];
    for (int t = 0; t < tokens.count(); t++) {
      for (int head = 0; head < heads; head++) {
        for (int i = 0; i < d; i++) {
          rows[head][t][i] = scale * packed[(t * heads + head) * d + i];
        }
        map(rows[head][t]);
      }
    }
    return rows;
  }

  private void map(double[] x) {
    double norm = Math.sqrt(dot(x, x));
    for (int i = 0; i < x.length; i++) {
      x[i] =
          switch (settings.featureMap()) {
            case IDENTITY -> x[i];
            case RELU -> Math.max(x[i], 0);
            case ELU1 -> x[i] > 0 ? x[i] + 1 : Math.exp(x[i]);
            case L2 -> norm == 0 ? x[i] : x[i] / norm;
          };
    }
  }
}
