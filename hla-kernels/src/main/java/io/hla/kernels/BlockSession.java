package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.DoubleRows;
import io.hla.algebra.MatrixLayout;
import io.hla.algebra.PendingDecay;
import io.hla.algebra.Program;
import io.hla.algebra.Program.Read;
import io.hla.algebra.Program.Term;
import io.hla.algebra.Program.Weighted;
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
 */
final class BlockSession implements Session {
  /** Tokens of a block, a divisor of {@link AttentionKernel#BLOCK}; 16 to 64 were measured. */
  private static final int TOKENS = 32;

  private final AttentionSettings settings;
  private final Program program;
  private final MatrixLayout layout;
  private final BlockPlan plan;

  /** The column at which signals and matrices start. */
  private final int w = TOKENS;

  /** For each matrix of each head. */
  private final List<double[][]> matrices = new ArrayList<>();

  /** For each matrix of each head; null for no decay. */
  private final List<DecayTable> decays = new ArrayList<>();

  /** The decay of all tokens so far, for each head; kept where something asks for it. */
  private final double[] products;

  private final boolean keepsProducts;

  // Scratch for one block of one head.
  private final List<double[][]> signals = new ArrayList<>();
  private final boolean[] hasColumns;
  private final double[][] factors;
  private final double[] sum;

  /** The decay of each token of the block. */
  private final double[] tokenDecays = new double[TOKENS];

  /** In front of token t of the block stands decay [t] since the start of the stream. */
  private final double[] sinceStart = new double[TOKENS + 1];

  /** Opens a stream behind {@code initial} matrices. */
  BlockSession(Computation computation, double[] initial) {
    this.settings = computation.settings();
    this.program = computation.program();
    this.layout = computation.layout();
    this.plan = BlockPlan.of(program);
    products = new double[settings.numHeads()];
    keepsProducts =
        settings.gated() || program.derived().stream().anyMatch(Weighted.class::isInstance);
    for (int i = 0; i < Program.FIRST_DERIVED + program.derived().size(); i++) {
      signals.add(new double[w][w + program.width(i, settings)]);
    }
    if (settings.normalize()) {
      for (double[] value : signals.get(Program.VALUE)) {
        value[w + settings.valueDim()] = 1;
      }
    }
    hasColumns = new boolean[layout.count()];
    int tallest = 1;
    for (int m = 0; m < layout.count(); m++) {
      tallest = Math.max(tallest, layout.rows(m));
    }
    factors = new double[tallest][w];
    sum = new double[w + settings.valueColumns()];
    openMatrices();
    write(initial);
  }

  private void openMatrices() {
    Map<List<Double>, DecayTable> known = new HashMap<>();
    for (int head = 0; head < layout.heads(); head++) {
      double g = settings.decay().get(head);
      for (int m = 0; m < layout.count(); m++) {
        matrices.add(new double[layout.rows(m)][w + layout.columns(m)]);
        int power = layout.matrix(m).decayPower();
        if (power == 0 || !settings.gated() && g == 1) {
          decays.add(null);
        } else if (settings.gated()) {
          // One for each power: filled anew for each block of each head.
          decays.add(known.computeIfAbsent(List.of((double) power), key -> new DecayTable(w)));
        } else {
          decays.add(
              known.computeIfAbsent(
                  List.of(g, (double) power), key -> DecayTable.constant(g, power, w)));
        }
      }
    }
  }

  @Override
  public void write(double[] initial) {
    Arrays.fill(products, 1);
    for (int head = 0; head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        double[][] matrix = matrix(head, m);
        int columns = layout.columns(m);
        for (int i = 0; i < matrix.length; i++) {
          int at = layout.offset(head, m) + i * columns;
          System.arraycopy(initial, at, matrix[i], w, columns);
        }
      }
    }
  }

  @Override
  public void process(Tokens tokens, int from, int count) {
    for (int head = 0; head < settings.numHeads(); head++) {
      for (int done = 0; done < count; done += w) {
        block(head, tokens, from + done, Math.min(w, count - done));
      }
    }
  }

  private void block(int head, Tokens from, int at, int tokens) {
    load(head, from, at, tokens);
    decay(head, from.gate(), at, tokens);
    for (int i = 0; i < program.derived().size(); i++) {
      if (program.derived().get(i) instanceof Read read) {
        read(head, i, read, tokens);
      } else {
        weigh((Weighted) program.derived().get(i), signals.get(Program.FIRST_DERIVED + i), tokens);
      }
    }
    for (int m = 0; m < layout.count(); m++) {
      update(head, m, tokens);
    }
    products[head] = keepsProducts ? sinceStart[tokens] : 1;
    if (from.output() != null) {
      store(head, from.output(), at, tokens);
    }
  }

  private void load(int head, Tokens from, int at, int tokens) {
    int d = settings.headDim();
    int dv = settings.valueDim();
    int kv = settings.kvHead(head);
    double[][] q = signals.get(Program.QUERY);
    double[][] k = signals.get(Program.KEY);
    double[][] v = signals.get(Program.VALUE);
    for (int t = 0; t < tokens; t++) {
      from.query().get((at + t) * settings.queryWidth() + head * d, q[t], w, d);
      from.key().get((at + t) * settings.keyWidth() + kv * d, k[t], w, d);
      from.value().get((at + t) * settings.valueWidth() + kv * dv, v[t], w, dv);
      DoubleRows.map(settings.featureMap(), settings.scale(), q[t], w, w + d);
      DoubleRows.map(settings.featureMap(), 1, k[t], w, w + d);
    }
    Arrays.fill(hasColumns, false);
  }

  /** Prepares the decays of a block. */
  private void decay(int head, double[] gates, int at, int tokens) {
    if (!keepsProducts) {
      return;
    }
    sinceStart[0] = products[head];
    for (int t = 0; t < tokens; t++) {
      double gate = gates == null ? 1 : gates[(at + t) * settings.numHeads() + head];
      tokenDecays[t] = gate * settings.decay().get(head);
      sinceStart[t + 1] = sinceStart[t] * tokenDecays[t];
    }
    boolean[] isSet = new boolean[Program.HIGHEST_POWER + 1];
    for (int m = 0; m < layout.count() && settings.gated(); m++) {
      int power = layout.matrix(m).decayPower();
      if (power > 0 && !isSet[power]) {
        isSet[power] = true;
        decay(head, m).set(tokenDecays, tokens, power);
      }
    }
  }

  private void weigh(Weighted weighted, double[][] to, int tokens) {
    double[][] x = signals.get(weighted.x());
    for (int t = 0; t < tokens; t++) {
      double product = sinceStart[weighted.strict() ? t : t + 1];
      double weight = DecayTable.power(product, weighted.power());
      Arrays.fill(to[t], w, to[t].length, 0);
      DoubleRows.add(to[t], weight, x[t], w, to[t].length);
    }
  }

  private void read(int head, int index, Read read, int tokens) {
    int m = read.matrix();
    int inner = layout.rows(m);
    int end = w + layout.columns(m);
    double[][] x = signals.get(read.x());
    double[][] z = signals.get(layout.matrix(m).z());
    double[][] to = signals.get(Program.FIRST_DERIVED + index);
    double[][] matrix = matrix(head, m);
    DecayTable decay = decay(head, m);
    int scores = plan.scores().get(index);
    double[][] columns = scores == index ? columns(head, m, tokens) : null;
    double[][] weights = signals.get(Program.FIRST_DERIVED + scores);
    if (columns == matrix) {
      DoubleRows.product(to, tokens, x, w, inner, matrix, 0, end);
    } else {
      DoubleRows.product(to, tokens, x, w, inner, matrix, w, end);
      if (columns != null) {
        DoubleRows.product(to, tokens, x, w, inner, columns, 0, tokens);
      }
    }
    int lag = read.strict() ? 0 : 1;
    if (columns != null && decay != null) {
      for (int t = 1 - lag; t < tokens; t++) {
        DoubleRows.multiply(to[t], to[t], decay.lags()[t + lag - 1], 0, t + lag);
      }
    }
    DoubleRows.addLowerProduct(
        to, tokens, decay == null ? null : decay.powers(), lag, weights, z, w, end);
  }

  private void update(int head, int m, int tokens) {
    double[][] z = signals.get(layout.matrix(m).z());
    double[][] y = columns(head, m, tokens);
    double[][] matrix = matrix(head, m);
    DecayTable decay = decay(head, m);
    double rho = decay == null ? 1 : decay.powers()[tokens];
    if (decay != null) {
      for (int i = 0; i < matrix.length; i++) {
        DoubleRows.multiply(factors[i], y[i], decay.lags()[tokens - 1], 0, tokens);
      }
      y = factors;
    }
    DoubleRows.addProduct(matrix, rho, y, tokens, z, w, w + layout.columns(m));
    if (decay != null && layout.isSymmetric(m)) {
      makeSymmetric(matrix);
    }
  }

  /** Weights round the two sides of the diagonal apart; a state has one. */
  private void makeSymmetric(double[][] matrix) {
    for (int i = 1; i < matrix.length; i++) {
      for (int j = 0; j < i; j++) {
        matrix[i][w + j] = matrix[j][w + i];
      }
    }
  }

  /** The rows that hold y of matrix {@code m} transposed, in front of column w. */
  private double[][] columns(int head, int m, int tokens) {
    int owner = plan.columns().get(m);
    double[][] to = matrix(head, owner);
    if (!hasColumns[owner]) {
      hasColumns[owner] = true;
      DoubleRows.transpose(signals.get(layout.matrix(m).y()), tokens, w, to);
    }
    return to;
  }

  private void store(int head, Numbers output, int at, int tokens) {
    int dv = settings.valueDim();
    int end = w + settings.valueColumns();
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(sum, 0);
      for (Term term : program.output()) {
        DoubleRows.add(sum, term.coefficient(), signals.get(term.signal())[t], w, end);
      }
      if (settings.normalize()) {
        double denominator = sum[w + dv] + settings.epsilon();
        for (int j = w; j < w + dv; j++) {
          sum[j] /= denominator;
        }
      }
      output.set((at + t) * settings.outputWidth() + head * dv, sum, w, dv);
    }
  }

  @Override
  public PendingDecay read(double[] to) {
    for (int head = 0; head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        double[][] matrix = matrix(head, m);
        int width = layout.columns(m);
        for (int i = 0; i < matrix.length; i++) {
          System.arraycopy(matrix[i], w, to, layout.offset(head, m) + i * width, width);
        }
      }
    }
    return PendingDecay.NONE;
  }

  @Override
  public void readProducts(double[] to) {
    System.arraycopy(products, 0, to, 0, to.length);
  }

  @Override
  public void close() {}

  private double[][] matrix(int head, int m) {
    return matrices.get(head * layout.count() + m);
  }

  private DecayTable decay(int head, int m) {
    return decays.get(head * layout.count() + m);
  }
}
