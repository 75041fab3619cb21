package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.DoubleRows;
import io.hla.algebra.MatrixLayout;
import io.hla.algebra.PendingDecay;
import io.hla.algebra.Program;
import io.hla.algebra.Program.Matrix;
import io.hla.algebra.Program.Read;
import io.hla.algebra.Program.Term;
import io.hla.algebra.Program.Weighted;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A stream through a program in {@link Sweep}s over one matrix after another, a batch of tokens at
 * a time: all query heads of a KV head side by side, so that a matrix that they share is swept
 * once, and read by all of them.
 */
final class SweepSession implements Session {
  /** Tokens of a batch, whose rows stay in the nearest cache; 8 to 64 were measured. */
  private static final int TOKENS = 16;

  private final AttentionSettings settings;
  private final Program program;
  private final MatrixLayout layout;

  /** The query heads of a KV head. */
  private final int group;

  /** Of every matrix of every head, [rows][columns]; null where another head owns it. */
  private final double[][][] matrices;

  /** Of every head. */
  private final Decays[] decays;

  /** What a batch goes through, for each KV head. */
  private final List<List<BatchStep>> steps = new ArrayList<>();

  /** Of the heads of a group, [head][signal][token][column]; k and v are the same for all. */
  private final double[][][][] signals;

  private final double[] sum;

  /** Opens a stream behind {@code initial} matrices. */
  SweepSession(Computation computation, double[] initial) {
    settings = computation.settings();
    program = computation.program();
    layout = computation.layout();
    group = settings.numHeads() / settings.numKvHeads();
    matrices = new double[layout.heads() * layout.count()][][];
    decays = new Decays[layout.heads()];
    for (int head = 0; head < layout.heads(); head++) {
      decays[head] = new Decays(settings.decay().get(head), settings.gated(), TOKENS);
      for (int m = 0; m < layout.count(); m++) {
        if (layout.owns(head, m)) {
          matrices[head * layout.count() + m] = new double[layout.rows(m)][layout.columns(m)];
        }
      }
    }
    signals = openSignals();
    sum = new double[settings.valueColumns()];
    List<SweepPlan.Step> plan = SweepPlan.of(program);
    for (int kv = 0; kv < settings.numKvHeads(); kv++) {
      steps.add(openSteps(plan, kv * group));
    }
    write(initial);
  }

  private double[][][][] openSignals() {
    double[][][][] opened = new double[group][Program.FIRST_DERIVED + program.derived().size()][][];
    for (double[][][] ofHead : opened) {
      for (int i = 0; i < ofHead.length; i++) {
        ofHead[i] = new double[TOKENS][program.width(i, settings)];
      }
      ofHead[Program.KEY] = opened[0][Program.KEY];
      ofHead[Program.VALUE] = opened[0][Program.VALUE];
    }
    if (settings.normalize()) {
      for (double[] value : opened[0][Program.VALUE]) {
        value[settings.valueDim()] = 1;
      }
    }
    return opened;
  }

  private List<BatchStep> openSteps(List<SweepPlan.Step> plan, int first) {
    List<BatchStep> opened = new ArrayList<>();
    for (SweepPlan.Step step : plan) {
      for (int head = first; head < first + group; head++) {
        if (!step.isSweep()) {
          opened.add(weighting(step.derived().get(0), head));
        } else if (layout.owns(head, step.matrix())) {
          opened.add(sweep(step, head));
        }
      }
    }
    return opened;
  }

  private Weighting weighting(int derived, int head) {
    Weighted weighted = (Weighted) program.derived().get(derived);
    return new Weighting(
        weighted,
        decays[head],
        signal(head, weighted.x()),
        signal(head, Program.FIRST_DERIVED + derived));
  }

  private Sweep sweep(SweepPlan.Step step, int head) {
    int m = step.matrix();
    Matrix matrix = layout.matrix(m);
    List<Sweep.Reader> strict = new ArrayList<>();
    List<Sweep.Reader> inclusive = new ArrayList<>();
    int end = (settings.kvHead(head) + 1) * group;
    for (int reading = head; reading < end; reading++) {
      if (layout.owner(reading, m) == head) {
        for (int derived : step.derived()) {
          Read read = (Read) program.derived().get(derived);
          (read.strict() ? strict : inclusive)
              .add(
                  new Sweep.Reader(
                      signal(reading, read.x()), signal(reading, Program.FIRST_DERIVED + derived)));
        }
      }
    }
    return new Sweep(
        matrices[head * layout.count() + m],
        signal(head, matrix.y()),
        signal(head, matrix.z()),
        decays[head].power(matrix.decayPower()),
        strict,
        inclusive,
        step.last());
  }

  private double[][] signal(int head, int signal) {
    return signals[head % group][signal];
  }

  @Override
  public void write(double[] from) {
    for (Decays ofHead : decays) {
      ofHead.start();
    }
    eachRow((row, at) -> System.arraycopy(from, at, row, 0, row.length));
  }

  @Override
  public void process(Tokens tokens, int from, int count) {
    for (int kv = 0; kv < settings.numKvHeads(); kv++) {
      for (int done = 0; done < count; done += TOKENS) {
        batch(kv, tokens, from + done, Math.min(TOKENS, count - done));
      }
    }
  }

  private void batch(int kv, Tokens from, int at, int tokens) {
    int heads = settings.numHeads();
    loadKeys(kv, from, at, tokens);
    for (int head = kv * group; head < (kv + 1) * group; head++) {
      loadQueries(head, from, at, tokens);
      decays[head].enter(from.gate(), at * heads + head, heads, tokens);
    }
    for (BatchStep step : steps.get(kv)) {
      step.run(tokens);
    }
    for (int head = kv * group; head < (kv + 1) * group; head++) {
      decays[head].leave(tokens);
      if (from.output() != null) {
        store(head, from.output(), at, tokens);
      }
    }
  }

  private void loadKeys(int kv, Tokens from, int at, int tokens) {
    int d = settings.headDim();
    int dv = settings.valueDim();
    double[][] k = signals[0][Program.KEY];
    double[][] v = signals[0][Program.VALUE];
    for (int t = 0; t < tokens; t++) {
      from.key().get((at + t) * settings.keyWidth() + kv * d, k[t], 0, d);
      from.value().get((at + t) * settings.valueWidth() + kv * dv, v[t], 0, dv);
      DoubleRows.map(settings.featureMap(), 1, k[t], 0, d);
    }
  }

  private void loadQueries(int head, Tokens from, int at, int tokens) {
    int d = settings.headDim();
    double[][] q = signal(head, Program.QUERY);
    for (int t = 0; t < tokens; t++) {
      from.query().get((at + t) * settings.queryWidth() + head * d, q[t], 0, d);
      DoubleRows.map(settings.featureMap(), settings.scale(), q[t], 0, d);
    }
  }

  private void store(int head, Numbers output, int at, int tokens) {
    int dv = settings.valueDim();
    for (int t = 0; t < tokens; t++) {
      output.set((at + t) * settings.outputWidth() + head * dv, output(head, t), 0, dv);
    }
  }

  /** The output of a token, in the first columns of a row. */
  private double[] output(int head, int t) {
    Term first = program.output().get(0);
    if (program.output().size() == 1 && first.coefficient() == 1 && !settings.normalize()) {
      return signal(head, first.signal())[t];
    }
    Arrays.fill(sum, 0);
    for (Term term : program.output()) {
      DoubleRows.add(sum, term.coefficient(), signal(head, term.signal())[t], 0, sum.length);
    }
    if (settings.normalize()) {
      int dv = settings.valueDim();
      double denominator = sum[dv] + settings.epsilon();
      for (int j = 0; j < dv; j++) {
        sum[j] /= denominator;
      }
    }
    return sum;
  }

  /** Takes a row and where it stands in the layout. */
  private interface RowVisitor {
    void visit(double[] row, int at);
  }

  private void eachRow(RowVisitor visitor) {
    for (int i = 0; i < matrices.length; i++) {
      if (matrices[i] != null) {
        int at = layout.offset(i / layout.count(), i % layout.count());
        for (double[] row : matrices[i]) {
          visitor.visit(row, at);
          at += row.length;
        }
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
    for (int head = 0; head < to.length; head++) {
      to[head] = decays[head].product(0);
    }
  }

  @Override
  public void close() {}
}
