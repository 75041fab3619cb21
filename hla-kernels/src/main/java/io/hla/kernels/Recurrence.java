package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.MatrixLayout;
import io.hla.algebra.PendingDecay;
import io.hla.algebra.Program;
import io.hla.algebra.Program.Derived;
import io.hla.algebra.Program.Matrix;
import io.hla.algebra.Program.Read;
import io.hla.algebra.Program.Term;
import io.hla.algebra.Program.Weighted;
import java.util.Arrays;

/** A program token by token, in double, as it is written down. */
final class Recurrence implements Session {
  private final AttentionSettings settings;
  private final Program program;
  private final MatrixLayout layout;

  /** Of every matrix of every head; rows are arrays of their own, so that loops are vectorized. */
  private final double[][][] matrices;

  /** The decay of all tokens so far, for each head. */
  private final double[] products;

  /** The decay of the token at hand, and the product of those in front of it. */
  private double decay;

  private double sinceStart;
  private final double[][] signals;
  private final double[] sum;

  Recurrence(Computation computation, double[] matrices) {
    this.settings = computation.settings();
    this.program = computation.program();
    this.layout = computation.layout();
    signals = new double[Program.FIRST_DERIVED + program.derived().size()][];
    for (int i = 0; i < signals.length; i++) {
      signals[i] = new double[program.width(i, settings)];
    }
    sum = new double[settings.valueColumns()];
    this.matrices = new double[settings.numHeads() * layout.count()][][];
    for (int i = 0; i < this.matrices.length; i++) {
      int m = i % layout.count();
      this.matrices[i] = new double[layout.rows(m)][layout.columns(m)];
    }
    products = new double[settings.numHeads()];
    write(matrices);
  }

  @Override
  public void write(double[] from) {
    Arrays.fill(products, 1);
    eachRow((row, at) -> System.arraycopy(from, at, row, 0, row.length));
  }

  @Override
  public void process(Tokens tokens, int from, int count) {
    int d = settings.headDim();
    int dv = settings.valueDim();
    for (int t = from; t < from + count; t++) {
      for (int head = 0; head < settings.numHeads(); head++) {
        int kv = settings.kvHead(head);
        tokens.query().get(t * settings.queryWidth() + head * d, signals[Program.QUERY], 0, d);
        tokens.key().get(t * settings.keyWidth() + kv * d, signals[Program.KEY], 0, d);
        tokens.value().get(t * settings.valueWidth() + kv * dv, signals[Program.VALUE], 0, dv);
        token(head, tokens.gate() == null ? 1 : tokens.gate()[t * settings.numHeads() + head]);
        divide();
        if (tokens.output() != null) {
          tokens.output().set(t * settings.outputWidth() + head * dv, sum, 0, dv);
        }
      }
    }
  }

  /**
   * One token whose rows are the arrays; leaves its outputs undivided, [H][dv], and behind those of
   * a head its denominator where there is one.
   *
   * @param gate [H]; null without gates
   */
  void undivided(double[] query, double[] key, double[] value, double[] gate, double[] to) {
    int d = settings.headDim();
    int dv = settings.valueDim();
    for (int head = 0; head < settings.numHeads(); head++) {
      int kv = settings.kvHead(head);
      System.arraycopy(query, head * d, signals[Program.QUERY], 0, d);
      System.arraycopy(key, kv * d, signals[Program.KEY], 0, d);
      System.arraycopy(value, kv * dv, signals[Program.VALUE], 0, dv);
      token(head, gate == null ? 1 : gate[head]);
      System.arraycopy(sum, 0, to, head * sum.length, sum.length);
    }
  }

  /**
   * One token of one head: its q, k, v stand in the signals; leaves its undivided output in sum.
   */
  private void token(int head, double gate) {
    int d = settings.headDim();
    for (int i = 0; i < d; i++) {
      signals[Program.QUERY][i] *= settings.scale();
    }
    settings.featureMap().apply(signals[Program.QUERY], 0, d);
    settings.featureMap().apply(signals[Program.KEY], 0, d);
    if (settings.normalize()) {
      signals[Program.VALUE][settings.valueDim()] = 1;
    }
    decay = gate * settings.decay().get(head);
    sinceStart = products[head];
    products[head] *= decay;
    for (int i = 0; i < program.derived().size(); i++) {
      derive(head, program.derived().get(i), signals[Program.FIRST_DERIVED + i]);
    }
    for (int m = 0; m < layout.count(); m++) {
      update(head, m);
    }
    output();
  }

  private void derive(int head, Derived signal, double[] to) {
    double[] x = signals[signal.x()];
    Arrays.fill(to, 0);
    if (signal instanceof Weighted weighted) {
      double product = weighted.strict() ? sinceStart : sinceStart * decay;
      add(to, Decays.power(product, weighted.power()), x);
      return;
    }
    Read read = (Read) signal;
    Matrix matrix = layout.matrix(read.matrix());
    double[][] rows = matrices[head * layout.count() + read.matrix()];
    for (int i = 0; i < x.length; i++) {
      add(to, x[i], rows[i]);
    }
    if (!read.strict()) {
      // x^T (g^e M + y z^T), so that strict reads may come at any place.
      double[] z = signals[matrix.z()];
      double seen = dot(x, signals[matrix.y()]);
      double kept = Decays.power(decay, matrix.decayPower());
      for (int j = 0; j < to.length; j++) {
        to[j] = kept * to[j] + seen * z[j];
      }
    }
  }

  private void update(int head, int m) {
    Matrix matrix = layout.matrix(m);
    double kept = Decays.power(decay, matrix.decayPower());
    double[] y = signals[matrix.y()];
    double[] z = signals[matrix.z()];
    double[][] rows = matrices[head * layout.count() + m];
    for (int i = 0; i < y.length; i++) {
      decayAndAdd(rows[i], kept, y[i], z);
    }
  }

  private static double dot(double[] left, double[] right) {
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += left[i] * right[i];
    }
    return sum;
  }

  /** row = decay row + factor added. */
  private static void decayAndAdd(double[] row, double decay, double factor, double[] added) {
    for (int j = 0; j < row.length; j++) {
      row[j] = decay * row[j] + factor * added[j];
    }
  }

  /** row = row + factor added. */
  private static void add(double[] row, double factor, double[] added) {
    for (int j = 0; j < row.length; j++) {
      row[j] += factor * added[j];
    }
  }

  /** Takes a row and where it stands in the layout. */
  private interface RowVisitor {
    void visit(double[] row, int at);
  }

  private void eachRow(RowVisitor visitor) {
    for (int i = 0; i < matrices.length; i++) {
      int at = layout.offset(i / layout.count(), i % layout.count());
      for (double[] row : matrices[i]) {
        visitor.visit(row, at);
        at += row.length;
      }
    }
  }

  private void output() {
    Arrays.fill(sum, 0);
    for (Term term : program.output()) {
      double[] signal = signals[term.signal()];
      for (int j = 0; j < sum.length; j++) {
        sum[j] += term.coefficient() * signal[j];
      }
    }
  }

  private void divide() {
    if (settings.normalize()) {
      double denominator = sum[settings.valueDim()] + settings.epsilon();
      for (int j = 0; j < settings.valueDim(); j++) {
        sum[j] /= denominator;
      }
    }
  }

  @Override
  public PendingDecay read(double[] to) {
    eachRow((row, at) -> System.arraycopy(row, 0, to, at, row.length));
    return PendingDecay.NONE;
  }

  @Override
  public void readProducts(double[] to) {
    System.arraycopy(products, 0, to, 0, to.length);
  }

  @Override
  public void close() {}
}
