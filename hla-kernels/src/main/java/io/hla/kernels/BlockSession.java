package io.hla.kernels;

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
 * <p>Row i of a matrix is kept as [y^T | M]: in columns 0 to w - 1 element i of y of each token of
 * the block, then row i of M. One pass of x over these long rows gives [x y^T | x M]. All signals
 * therefore start at column w, and a token's row in front of it holds its scores x y^T.
 *
 * @param <A> the type of a row
 */
final class BlockSession<A> {
  private final AttentionSettings settings;
  private final Program program;
  private final MatrixLayout layout;
  private final BlockPlan plan;
  private final Rows<A> rows;

  /** Tokens of a block, and the column at which signals and matrices start. */
  private final int w;

  /** The sums in double, of which the matrices are rounded copies; null when they are the sums. */
  private final double[] sums;

  /** For each matrix of each head. */
  private final List<A[]> matrices = new ArrayList<>();

  /** For each matrix of each head; null for no decay. */
  private final List<DecayTable<A>> decays = new ArrayList<>();

  // Scratch for one block of one head.
  private final List<A[]> signals = new ArrayList<>();
  private final boolean[] hasColumns;
  private final A[] factors;
  private final A[] added;

  /**
   * Opens a stream.
   *
   * @param initial the matrices in front of it
   * @param sums the same array to keep the sums of mixed precision in, or null
   */
  BlockSession(Computation computation, double[] initial, double[] sums, Rows<A> rows, int block) {
    this.settings = computation.settings();
    this.program = computation.program();
    this.layout = computation.layout();
    this.plan = BlockPlan.of(program);
    this.rows = rows;
    this.w = block;
    this.sums = sums;
    openMatrices(initial);
    for (int i = 0; i < Program.FIRST_READ + program.reads().size(); i++) {
      signals.add(rows.rows(w, w + program.width(i, settings)));
    }
    if (settings.normalize()) {
      for (A value : signals.get(Program.VALUE)) {
        rows.put(value, w + settings.valueDim(), 1);
      }
    }
    hasColumns = new boolean[layout.count()];
    int tallest = 1;
    int widest = settings.valueColumns();
    for (int m = 0; m < layout.count(); m++) {
      tallest = Math.max(tallest, layout.rows(m));
      widest = Math.max(widest, layout.columns(m));
    }
    factors = rows.rows(tallest, w);
    added = rows.rows(tallest, w + widest);
  }

  private void openMatrices(double[] initial) {
    Map<List<Double>, DecayTable<A>> known = new HashMap<>();
    for (int head = 0; head < layout.heads(); head++) {
      double g = settings.decay().get(head);
      for (int m = 0; m < layout.count(); m++) {
        int columns = layout.columns(m);
        A[] matrix = rows.rows(layout.rows(m), w + columns);
        for (int i = 0; i < matrix.length; i++) {
          rows.set(matrix[i], w, initial, layout.offset(head, m) + i * columns, columns);
        }
        matrices.add(matrix);
        int power = layout.matrix(m).decayPower();
        decays.add(
            g == 1 || power == 0
                ? null
                : known.computeIfAbsent(
                    List.of(g, (double) power), k -> DecayTable.of(rows, g, power, w)));
      }
    }
  }

  /** Runs tokens {@code from} to {@code from + count - 1}; {@code output} may be null. */
  void run(A query, A key, A value, A output, int from, int count) {
    for (int head = 0; head < settings.numHeads(); head++) {
      for (int done = 0; done < count; done += w) {
        int tokens = Math.min(w, count - done);
        load(head, query, key, value, from + done, tokens);
        for (int read = 0; read < program.reads().size(); read++) {
          read(head, read, tokens);
        }
        for (int m = 0; m < layout.count(); m++) {
          update(head, m, tokens);
        }
        if (output != null) {
          store(head, output, from + done, tokens);
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
      System.arraycopy(query, (at + t) * settings.queryWidth() + head * d, q[t], w, d);
      System.arraycopy(key, (at + t) * settings.keyWidth() + kv * d, k[t], w, d);
      System.arraycopy(value, (at + t) * settings.valueWidth() + kv * dv, v[t], w, dv);
      rows.map(settings.featureMap(), settings.scale(), q[t], w, w + d);
      rows.map(settings.featureMap(), 1, k[t], w, w + d);
    }
    Arrays.fill(hasColumns, false);
  }

  private void read(int head, int index, int tokens) {
    Read read = program.reads().get(index);
    int m = read.matrix();
    int inner = layout.rows(m);
    int end = w + layout.columns(m);
    A[] x = signals.get(read.x());
    A[] z = signals.get(layout.matrix(m).z());
    A[] to = signals.get(Program.FIRST_READ + index);
    A[] matrix = matrix(head, m);
    DecayTable<A> decay = decay(head, m);
    int scores = plan.scores().get(index);
    A[] columns = scores == index ? columns(head, m, tokens) : null;
    A[] weights = signals.get(Program.FIRST_READ + scores);
    if (columns == matrix) {
      rows.product(to, tokens, x, w, inner, matrix, 0, end);
    } else {
      rows.product(to, tokens, x, w, inner, matrix, w, end);
      if (columns != null) {
        rows.product(to, tokens, x, w, inner, columns, 0, tokens);
      }
    }
    int lag = read.strict() ? 0 : 1;
    if (columns != null && decay != null) {
      for (int t = 1 - lag; t < tokens; t++) {
        rows.multiply(to[t], to[t], decay.lags()[t + lag - 1], 0, t + lag);
      }
    }
    rows.addLowerProduct(
        to, tokens, decay == null ? null : decay.powers(), lag, weights, z, w, end);
  }

  private void update(int head, int m, int tokens) {
    int width = layout.columns(m);
    A[] z = signals.get(layout.matrix(m).z());
    A[] y = columns(head, m, tokens);
    A[] matrix = matrix(head, m);
    DecayTable<A> decay = decay(head, m);
    double rho = decay == null ? 1 : decay.powers()[tokens];
    if (decay != null) {
      for (int i = 0; i < matrix.length; i++) {
        rows.multiply(factors[i], y[i], decay.lags()[tokens - 1], 0, tokens);
      }
      y = factors;
    }
    if (sums == null) {
      rows.addProduct(matrix, rho, y, tokens, z, w, w + width);
      return;
    }
    rows.product(added, matrix.length, y, 0, tokens, z, w, w + width);
    for (int i = 0; i < matrix.length; i++) {
      int at = layout.offset(head, m) + i * width;
      rows.accumulate(sums, at, rho, added[i], matrix[i], w, w + width);
    }
  }

  /** The rows that hold y of matrix {@code m} transposed, in front of column w. */
  private A[] columns(int head, int m, int tokens) {
    int owner = plan.columns().get(m);
    A[] to = matrix(head, owner);
    if (!hasColumns[owner]) {
      hasColumns[owner] = true;
      rows.transpose(signals.get(layout.matrix(m).y()), tokens, w, to);
    }
    return to;
  }

  private void store(int head, A output, int at, int tokens) {
    int dv = settings.valueDim();
    A sum = added[0];
    int end = w + settings.valueColumns();
    for (int t = 0; t < tokens; t++) {
      rows.clear(sum, w, end);
      for (Term term : program.output()) {
        rows.add(sum, term.coefficient(), signals.get(term.signal())[t], w, end);
      }
      if (settings.normalize()) {
        rows.divide(sum, rows.at(sum, w + dv) + settings.epsilon(), w, w + dv);
      }
      System.arraycopy(sum, w, output, (at + t) * settings.outputWidth() + head * dv, dv);
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
        int width = layout.columns(m);
        for (int i = 0; i < matrix.length; i++) {
          rows.get(matrix[i], w, to, layout.offset(head, m) + i * width, width);
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
