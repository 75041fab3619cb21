package io.hla.kernels;

import io.hla.kernels.BlockPlan.Scores;
import io.hla.kernels.Program.Matrix;
import io.hla.kernels.Program.Read;
import io.hla.kernels.Program.Term;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A stream through a program in blocks of w tokens. With M in front of a block, x, y and z as
 * matrices of w rows, e the matrix's decay power, and D[t][s] = g^(e (t - s)) for s &lt;= t, else
 * 0:
 *
 * <pre>
 *   inclusive read   diag(g^(e (t + 1))) x M + (D . x y^T) z
 *   strict read      diag(g^(e t)) x M + (D' . x y^T) z            D'[t] = D[t - 1]
 *   update           M &lt;- g^(e w) M + (diag(g^(e (w - 1 - s))) y)^T z
 * </pre>
 *
 * Row t of the second product stops at token t, so that a token never meets a later one.
 *
 * @param <A> the type of a row
 */
final class BlockSession<A> {
  private final AttentionSettings settings;
  private final Program program;
  private final MatrixLayout layout;
  private final BlockPlan plan;
  private final Rows<A> rows;
  private final int block;

  /** Mixed precision: the sums in double, of which the matrices are rounded copies; else null. */
  private final double[] sums;

  private final List<A[]> matrices = new ArrayList<>();

  /** Per matrix of each head; null for no decay. */
  private final List<DecayTable<A>> decays = new ArrayList<>();

  // Scratch of one block of one head.
  private final List<A[]> signals = new ArrayList<>();
  private final List<A[]> scores = new ArrayList<>();
  private final List<A[]> transposed = new ArrayList<>();
  private final boolean[] hasScores;
  private final boolean[] hasTransposed;
  private final A[] scratch;

  /**
   * Opens a stream.
   *
   * @param initial the matrices in front of it; kept and overwritten in mixed precision
   */
  BlockSession(Computation computation, double[] initial, Rows<A> rows, int block) {
    this.settings = computation.settings();
    this.program = computation.program();
    this.layout = computation.layout();
    this.plan = BlockPlan.of(program);
    this.rows = rows;
    this.block = block;
    sums = settings.precision() == Precision.MIXED ? initial : null;
    openMatrices(initial);
    int widest = block;
    for (int i = 0; i < Program.FIRST_READ + program.reads().size(); i++) {
      int width = program.width(i, settings);
      widest = Math.max(widest, width);
      signals.add(rows.rows(block, width));
    }
    if (settings.normalize()) {
      for (A value : signals.get(Program.VALUE)) {
        rows.put(value, settings.valueDim(), 1);
      }
    }
    plan.scores().forEach(s -> scores.add(rows.rows(block, block)));
    plan.transposed()
        .forEach(signal -> transposed.add(rows.rows(program.width(signal, settings), block)));
    hasScores = new boolean[scores.size()];
    hasTransposed = new boolean[transposed.size()];
    scratch = rows.rows(2, widest);
  }

  private void openMatrices(double[] initial) {
    Map<List<Double>, DecayTable<A>> known = new HashMap<>();
    for (int head = 0; head < layout.heads(); head++) {
      double g = settings.decay().get(head);
      for (int m = 0; m < layout.count(); m++) {
        int columns = layout.columns(m);
        A[] matrix = rows.rows(layout.rows(m), columns);
        for (int i = 0; i < matrix.length; i++) {
          rows.set(matrix[i], initial, layout.offset(head, m) + i * columns, columns);
        }
        matrices.add(matrix);
        int power = layout.matrix(m).decayPower();
        decays.add(
            g == 1 || power == 0
                ? null
                : known.computeIfAbsent(
                    List.of(g, (double) power), k -> DecayTable.of(rows, g, power, block)));
      }
    }
  }

  /** Runs tokens {@code from} to {@code from + count - 1}; {@code output} may be null. */
  void run(A query, A key, A value, A output, int from, int count) {
    for (int head = 0; head < settings.numHeads(); head++) {
      for (int at = from; at < from + count; at += block) {
        int tokens = Math.min(block, from + count - at);
        load(head, query, key, value, at, tokens);
        for (int read = 0; read < program.reads().size(); read++) {
          read(head, read, tokens);
        }
        for (int m = 0; m < layout.count(); m++) {
          update(head, m, tokens);
        }
        if (output != null) {
          store(head, output, at, tokens);
        }
      }
    }
  }

  private void load(int head, A query, A key, A value, int at, int tokens) {
    int d = settings.headDim();
    int dv = settings.valueDim();
    int kv = settings.kvHead(head);
    A[] q = signals.get(Program.QUERY);
    A[] k = signals.get(Program.KEY);
    A[] v = signals.get(Program.VALUE);
    for (int t = 0; t < tokens; t++) {
      System.arraycopy(query, (at + t) * settings.queryWidth() + head * d, q[t], 0, d);
      System.arraycopy(key, (at + t) * settings.keyWidth() + kv * d, k[t], 0, d);
      System.arraycopy(value, (at + t) * settings.valueWidth() + kv * dv, v[t], 0, dv);
      rows.map(settings.featureMap(), settings.scale(), q[t], d);
      rows.map(settings.featureMap(), 1, k[t], d);
    }
    Arrays.fill(hasScores, false);
    Arrays.fill(hasTransposed, false);
  }

  private void read(int head, int index, int tokens) {
    Read read = program.reads().get(index);
    int m = read.matrix();
    A[] matrix = matrix(head, m);
    DecayTable<A> decay = decay(head, m);
    A[] weights = scores(head, index, tokens);
    A[] x = signals.get(read.x());
    A[] z = signals.get(layout.matrix(m).z());
    A[] to = signals.get(Program.FIRST_READ + index);
    int inner = layout.rows(m);
    int columns = layout.columns(m);
    for (int t = 0; t < tokens; t++) {
      int seen = read.strict() ? t : t + 1;
      rows.clear(to[t], columns);
      rows.addProduct(to[t], x[t], inner, matrix, columns);
      if (decay != null) {
        rows.scale(to[t], decay.powers()[seen], columns);
      }
      rows.addProduct(to[t], weights[t], seen, z, columns);
    }
  }

  /** D . x y^T of a read; only the columns of tokens that row t sees are computed. */
  private A[] scores(int head, int read, int tokens) {
    int index = plan.scoresOfRead().get(read);
    A[] result = scores.get(index);
    if (hasScores[index]) {
      return result;
    }
    hasScores[index] = true;
    Scores wanted = plan.scores().get(index);
    DecayTable<A> decay = decay(head, program.reads().get(read).matrix());
    A[] x = signals.get(wanted.x());
    A[] y = transposed(wanted.y(), tokens);
    int inner = program.width(wanted.x(), settings);
    for (int t = wanted.strict() ? 1 : 0; t < tokens; t++) {
      int last = wanted.strict() ? t - 1 : t;
      rows.clear(result[t], last + 1);
      rows.addProduct(result[t], x[t], inner, y, last + 1);
      if (decay != null) {
        rows.multiply(result[t], result[t], decay.lags()[last], last + 1);
      }
    }
    return result;
  }

  private A[] transposed(int signal, int tokens) {
    int index = plan.transposed().indexOf(signal);
    A[] result = transposed.get(index);
    if (!hasTransposed[index]) {
      hasTransposed[index] = true;
      rows.transpose(signals.get(signal), tokens, program.width(signal, settings), result);
    }
    return result;
  }

  private void update(int head, int m, int tokens) {
    Matrix matrix = layout.matrix(m);
    DecayTable<A> decay = decay(head, m);
    A[] y = transposed(matrix.y(), tokens);
    A[] z = signals.get(matrix.z());
    A[] to = matrix(head, m);
    int columns = layout.columns(m);
    double rho = decay == null ? 1 : decay.powers()[tokens];
    for (int i = 0; i < to.length; i++) {
      A factors = y[i];
      if (decay != null) {
        factors = scratch[0];
        rows.multiply(factors, y[i], decay.lags()[tokens - 1], tokens);
      }
      if (sums != null) {
        A added = scratch[1];
        rows.clear(added, columns);
        rows.addProduct(added, factors, tokens, z, columns);
        rows.accumulate(sums, layout.offset(head, m) + i * columns, rho, added, to[i], columns);
      } else {
        if (decay != null) {
          rows.scale(to[i], rho, columns);
        }
        rows.addProduct(to[i], factors, tokens, z, columns);
      }
    }
  }

  private void store(int head, A output, int at, int tokens) {
    int dv = settings.valueDim();
    A sum = scratch[0];
    for (int t = 0; t < tokens; t++) {
      rows.clear(sum, settings.valueColumns());
      for (Term term : program.output()) {
        rows.add(sum, term.coefficient(), signals.get(term.signal())[t], settings.valueColumns());
      }
      if (settings.normalize()) {
        rows.divide(sum, rows.at(sum, dv) + settings.epsilon(), dv);
      }
      System.arraycopy(sum, 0, output, (at + t) * settings.outputWidth() + head * dv, dv);
    }
  }

  /** Copies all matrices, in the computation's layout. */
  void read(double[] to) {
    if (sums != null) {
      System.arraycopy(sums, 0, to, 0, sums.length);
      return;
    }
    for (int head = 0; head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        A[] matrix = matrix(head, m);
        int columns = layout.columns(m);
        for (int i = 0; i < matrix.length; i++) {
          rows.get(matrix[i], to, layout.offset(head, m) + i * columns, columns);
        }
      }
    }
  }

  private A[] matrix(int head, int m) {
    return matrices.get(head * layout.count() + m);
  }

  private DecayTable<A> decay(int head, int m) {
    return decays.get(head * layout.count() + m);
  }
}
