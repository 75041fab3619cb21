package io.hla.kernels;

import io.hla.kernels.Program.Matrix;
import io.hla.kernels.Program.Read;
import io.hla.kernels.Program.Term;
import java.util.Arrays;

/** A program token by token, in double, as it is written down. */
final class Recurrence implements Session {
  private final AttentionSettings settings;
  private final Program program;
  private final MatrixLayout layout;

  /** Of every matrix of every head; rows are arrays of their own, so that loops are vectorized. */
  private final double[][][] matrices;

  private final double[] decays;
  private final double[][] signals;
  private final double[] sum;

  Recurrence(Computation computation, double[] matrices) {
    this.settings = computation.settings();
    this.program = computation.program();
    this.layout = computation.layout();
    signals = new double[Program.FIRST_READ + program.reads().size()][];
    for (int i = 0; i < signals.length; i++) {
      signals[i] = new double[program.width(i, settings)];
    }
    sum = new double[settings.valueColumns()];
    this.matrices = new double[settings.numHeads() * layout.count()][][];
    for (int i = 0; i < this.matrices.length; i++) {
      int m = i % layout.count();
      this.matrices[i] = new double[layout.rows(m)][layout.columns(m)];
    }
    eachRow((row, at) -> System.arraycopy(matrices, at, row, 0, row.length));
    decays = new double[settings.numHeads() * layout.count()];
    for (int i = 0; i < decays.length; i++) {
      double g = settings.decay().get(i / layout.count());
      decays[i] = StrictMath.pow(g, layout.matrix(i % layout.count()).decayPower());
    }
  }

  @Override
  public void process(
      float[] query, float[] key, float[] value, float[] output, int from, int count) {
    for (int t = from; t < from + count; t++) {
      for (int head = 0; head < settings.numHeads(); head++) {
        int kv = settings.kvHead(head);
        copy(query, t * settings.queryWidth() + head * settings.headDim(), Program.QUERY);
        copy(key, t * settings.keyWidth() + kv * settings.headDim(), Program.KEY);
        copy(value, t * settings.valueWidth() + kv * settings.valueDim(), Program.VALUE);
        token(head);
        divide();
        int at = t * settings.outputWidth() + head * settings.valueDim();
        for (int j = 0; output != null && j < settings.valueDim(); j++) {
          output[at + j] = (float) sum[j];
        }
      }
    }
  }

  @Override
  public void process(
      double[] query, double[] key, double[] value, double[] output, int from, int count) {
    int d = settings.headDim();
    int dv = settings.valueDim();
    for (int t = from; t < from + count; t++) {
      for (int head = 0; head < settings.numHeads(); head++) {
        int kv = settings.kvHead(head);
        System.arraycopy(query, t * settings.queryWidth() + head * d, signals[0], 0, d);
        System.arraycopy(key, t * settings.keyWidth() + kv * d, signals[1], 0, d);
        System.arraycopy(value, t * settings.valueWidth() + kv * dv, signals[2], 0, dv);
        token(head);
        divide();
        if (output != null) {
          System.arraycopy(sum, 0, output, t * settings.outputWidth() + head * dv, dv);
        }
      }
    }
  }

  /**
   * One token whose rows are the arrays; leaves its outputs undivided, [H][dv], and behind those of
   * a head its denominator where there is one.
   */
  void undivided(double[] query, double[] key, double[] value, double[] to) {
    int d = settings.headDim();
    int dv = settings.valueDim();
    for (int head = 0; head < settings.numHeads(); head++) {
      int kv = settings.kvHead(head);
      System.arraycopy(query, head * d, signals[Program.QUERY], 0, d);
      System.arraycopy(key, kv * d, signals[Program.KEY], 0, d);
      System.arraycopy(value, kv * dv, signals[Program.VALUE], 0, dv);
      token(head);
      System.arraycopy(sum, 0, to, head * sum.length, sum.length);
    }
  }

  private void copy(float[] from, int at, int signal) {
    int length = signal == Program.VALUE ? settings.valueDim() : settings.headDim();
    for (int i = 0; i < length; i++) {
      signals[signal][i] = from[at + i];
    }
  }

  /**
   * One token of one head: its q, k, v stand in the signals; leaves its undivided output in sum.
   */
  private void token(int head) {
    int d = settings.headDim();
    for (int i = 0; i < d; i++) {
      signals[Program.QUERY][i] *= settings.scale();
    }
    settings.featureMap().apply(signals[Program.QUERY], 0, d);
    settings.featureMap().apply(signals[Program.KEY], 0, d);
    if (settings.normalize()) {
      signals[Program.VALUE][settings.valueDim()] = 1;
    }
    boolean[] updated = new boolean[layout.count()];
    for (int i = 0; i < program.reads().size(); i++) {
      Read read = program.reads().get(i);
      if (!read.strict()) {
        update(head, read.matrix(), updated);
      }
      read(head, read, signals[Program.FIRST_READ + i]);
    }
    for (int m = 0; m < layout.count(); m++) {
      update(head, m, updated);
    }
    output();
  }

  private void update(int head, int m, boolean[] updated) {
    if (updated[m]) {
      return;
    }
    updated[m] = true;
    Matrix matrix = layout.matrix(m);
    double decay = decays[head * layout.count() + m];
    double[] y = signals[matrix.y()];
    double[] z = signals[matrix.z()];
    double[][] rows = matrices[head * layout.count() + m];
    for (int i = 0; i < y.length; i++) {
      decayAndAdd(rows[i], decay, y[i], z);
    }
  }

  private void read(int head, Read read, double[] to) {
    double[] x = signals[read.x()];
    double[][] rows = matrices[head * layout.count() + read.matrix()];
    Arrays.fill(to, 0);
    for (int i = 0; i < x.length; i++) {
      add(to, x[i], rows[i]);
    }
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
  public void read(double[] to) {
    eachRow((row, at) -> System.arraycopy(row, 0, to, at, row.length));
  }

  @Override
  public void close() {}
}
