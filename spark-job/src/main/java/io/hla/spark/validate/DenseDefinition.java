package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import java.util.Arrays;

/**
 * Outputs as they are defined: every linear attention of the operator's program as sums over all
 * earlier tokens, in double, with no state and no recurrence. Costs O(n^2) products a linear
 * attention, O(n^4) for {@link TupleSums} of third order.
 */
final class DenseDefinition {
  private final AttentionSettings settings;
  private final Tokens tokens;
  private final double[][] outputs;

  /** {@code tokens} are those of one sequence from its first on. */
  DenseDefinition(AttentionSettings settings, Tokens tokens) {
    this.settings = settings;
    this.tokens = tokens;
    outputs = new double[tokens.count()][settings.outputWidth()];
    for (int head = 0; head < settings.numHeads(); head++) {
      double[][] sums = sums(head);
      for (int t = 0; t < sums.length; t++) {
        for (int c = 0; c < settings.valueDim(); c++) {
          outputs[t][head * settings.valueDim() + c] =
              settings.normalize()
                  ? sums[t][c] / (sums[t][settings.valueDim()] + settings.epsilon())
                  : sums[t][c];
        }
      }
    }
  }

  /** Output of the token at {@code t}, [H dv]. */
  double[] output(int t) {
    return outputs[t];
  }

  /** Numerators of one query head, and the denominator behind them. */
  private double[][] sums(int head) {
    int kv = settings.kvHead(head);
    Sums sums =
        new Sums(
            mapped(
                rows(tokens.q(), settings.numHeads(), head, settings.headDim()), settings.scale()),
            mapped(rows(tokens.k(), settings.numKvHeads(), kv, settings.headDim()), 1),
            values(kv),
            past(head));
    boolean masked = settings.mask() == Mask.CAUSAL || settings.operator().equals(Operator.LINEAR);
    if (!masked || settings.form() == Form.PUBLISHED) {
      return sums.weighted(new TupleSums(settings, sums.q, sums.k, sums.past));
    }
    double[][] output = Statements.output(settings.operator(), sums);
    return settings.ridge() == 0
        ? output
        : sums.plus(output, settings.ridge(), sums.attention(sums.q, sums.q, sums.v, 1, false));
  }

  /** Signals are rows of one head by token. */
  private record Sums(double[][] q, double[][] k, double[][] v, double[][] past)
      implements Statements.Meaning<double[][]> {
    @Override
    public double[][] input(String name) {
      return name.equals("q") ? q : name.equals("k") ? k : v;
    }

    @Override
    public double[][] attention(
        double[][] x, double[][] y, double[][] z, int power, boolean strict) {
      double[][] read = new double[x.length][z[0].length];
      for (int t = 0; t < x.length; t++) {
        int last = strict ? t - 1 : t;
        for (int j = 0; j <= last; j++) {
          add(read[t], Math.pow(past[last][j], power) * dot(x[t], y[j]), z[j]);
        }
      }
      return read;
    }

    @Override
    public double[][] plus(double[][] sum, double coefficient, double[][] term) {
      double[][] all = new double[term.length][term[0].length];
      for (int t = 0; t < term.length; t++) {
        add(all[t], coefficient, term[t]);
        if (sum != null) {
          add(all[t], 1, sum[t]);
        }
      }
      return all;
    }

    double[][] weighted(TupleSums tuples) {
      double[][] sums = new double[v.length][v[0].length];
      for (int t = 0; t < v.length; t++) {
        double[] weights = tuples.weights(t);
        for (int j = 0; j <= t; j++) {
          add(sums[t], weights[j], v[j]);
        }
      }
      return sums;
    }

    private static void add(double[] to, double factor, double[] numbers) {
      for (int i = 0; i < to.length; i++) {
        to[i] += factor * numbers[i];
      }
    }
  }

  /** {@code [t][j]}: the product of the decays of tokens j + 1 to t. */
  private double[][] past(int head) {
    double[][] past = new double[tokens.count()][];
    for (int t = 0; t < past.length; t++) {
      past[t] = new double[t + 1];
      past[t][t] = 1;
      double gate = settings.gated() ? tokens.g()[t * settings.numHeads() + head] : 1;
      for (int j = 0; j < t; j++) {
        past[t][j] = past[t - 1][j] * settings.decay().get(head) * gate;
      }
    }
    return past;
  }

  /** With a column of ones behind them when normalizing. */
  private double[][] values(int kvHead) {
    double[][] v = rows(tokens.v(), settings.numKvHeads(), kvHead, settings.valueDim());
    for (int t = 0; t < v.length && settings.normalize(); t++) {
      v[t] = Arrays.copyOf(v[t], settings.valueDim() + 1);
      v[t][settings.valueDim()] = 1;
    }
    return v;
  }

  private double[][] rows(double[] packed, int heads, int head, int size) {
    double[][] rows = new double[tokens.count()][];
    for (int t = 0; t < rows.length; t++) {
      int from = (t * heads + head) * size;
      rows[t] = Arrays.copyOfRange(packed, from, from + size);
    }
    return rows;
  }

  private double[][] mapped(double[][] rows, double scale) {
    for (double[] x : rows) {
      for (int i = 0; i < x.length; i++) {
        x[i] *= scale;
      }
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
    return rows;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }
}
