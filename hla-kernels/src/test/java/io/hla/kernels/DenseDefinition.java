package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.Program;
import io.hla.algebra.Program.Read;
import io.hla.algebra.Program.Weighted;

/**
 * A program by its definition: every linear attention is a sum over all tokens in front, the decay
 * between two tokens a product. No state, no recurrence. In O(n^2) for each signal.
 */
final class DenseDefinition {
  private final AttentionSettings settings;
  private final Program program;
  private final Stretch tokens;
  private final int count;

  private DenseDefinition(AttentionSettings settings, Stretch tokens) {
    this.settings = settings;
    this.program = Computation.attending(settings).program();
    this.tokens = tokens;
    this.count = tokens.tokens(settings);
  }

  /** The outputs, [tokens][H dv]; without scale, feature map and diagonals of matrices. */
  static double[] outputs(AttentionSettings settings, Stretch tokens) {
    DenseDefinition dense = new DenseDefinition(settings, tokens);
    double[] outputs = new double[dense.count * settings.outputWidth()];
    for (int head = 0; head < settings.numHeads(); head++) {
      double[][][] signals = dense.signals(head);
      int dv = settings.valueDim();
      for (int t = 0; t < dense.count; t++) {
        double[] sum = new double[settings.valueColumns()];
        for (Program.Term term : dense.program.output()) {
          add(sum, term.coefficient(), signals[term.signal()][t]);
        }
        for (int j = 0; j < dv; j++) {
          double divisor = settings.normalize() ? sum[dv] + settings.epsilon() : 1;
          outputs[t * settings.outputWidth() + head * dv + j] = sum[j] / divisor;
        }
      }
    }
    return outputs;
  }

  private double[][][] signals(int head) {
    int derived = program.derived().size();
    double[][][] signals = new double[Program.FIRST_DERIVED + derived][count][];
    int kv = settings.kvHead(head);
    for (int t = 0; t < count; t++) {
      int d = settings.headDim();
      int dv = settings.valueDim();
      signals[Program.QUERY][t] = row(tokens.q(), t * settings.queryWidth() + head * d, d, d);
      signals[Program.KEY][t] = row(tokens.k(), t * settings.keyWidth() + kv * d, d, d);
      signals[Program.VALUE][t] =
          row(tokens.v(), t * settings.valueWidth() + kv * dv, dv, settings.valueColumns());
      if (settings.normalize()) {
        signals[Program.VALUE][t][dv] = 1;
      }
    }
    for (int i = 0; i < derived; i++) {
      for (int t = 0; t < count; t++) {
        signals[Program.FIRST_DERIVED + i][t] =
            program.derived().get(i) instanceof Read read
                ? read(head, read, t, signals)
                : weighted(head, (Weighted) program.derived().get(i), t, signals);
      }
    }
    return signals;
  }

  private static double[] row(double[] from, int at, int length, int width) {
    double[] row = new double[width];
    System.arraycopy(from, at, row, 0, length);
    return row;
  }

  private double[] read(int head, Read read, int t, double[][][] signals) {
    Program.Matrix matrix = program.matrices().get(read.matrix());
    double[] sum = new double[program.width(matrix.z(), settings)];
    int last = read.strict() ? t - 1 : t;
    for (int s = 0; s <= last; s++) {
      double score = 0;
      double[] x = signals[read.x()][t];
      double[] y = signals[matrix.y()][s];
      for (int i = 0; i < x.length; i++) {
        score += x[i] * y[i];
      }
      add(sum, score * decay(head, s + 1, last, matrix.decayPower()), signals[matrix.z()][s]);
    }
    return sum;
  }

  private double[] weighted(int head, Weighted weighted, int t, double[][][] signals) {
    double[] x = signals[weighted.x()][t];
    double[] sum = new double[x.length];
    add(sum, decay(head, 0, weighted.strict() ? t - 1 : t, weighted.power()), x);
    return sum;
  }

  /** The decays of tokens {@code from} to {@code to}. */
  private double decay(int head, int from, int to, int power) {
    double product = 1;
    for (int t = from; t <= to; t++) {
      double gate = tokens.gate() == null ? 1 : tokens.gate()[t * settings.numHeads() + head];
      product *= Math.pow(gate * settings.decay().get(head), power);
    }
    return product;
  }

  private static void add(double[] to, double factor, double[] row) {
    for (int i = 0; i < to.length; i++) {
      to[i] += factor * row[i];
    }
  }
}
