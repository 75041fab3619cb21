package io.hla.kernels;

import io.hla.kernels.ScanStep.Product;
import io.hla.kernels.ScanStep.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The algebra of one choice of settings: its programs, the layouts of state and summaries, and the
 * one rule that both {@link Summary#combine} and {@link State#advance} are.
 */
final class Algebra {
  private static final ConcurrentHashMap<AttentionSettings, Algebra> KNOWN =
      new ConcurrentHashMap<>();

  private final AttentionSettings settings;
  private final Program outputs;
  private final MatrixLayout stateLayout;
  private final List<ScanStep> steps;
  private final List<MatrixLayout> summaryLayouts = new ArrayList<>();
  private final List<Computation> summarizing = new ArrayList<>();

  private Algebra(AttentionSettings settings) {
    this.settings = settings;
    outputs = Operators.outputs(settings);
    stateLayout = new MatrixLayout(outputs, outputs.matrices(), settings);
    steps = Operators.scan(settings);
    for (ScanStep step : steps) {
      Program program = step.program();
      summaryLayouts.add(new MatrixLayout(program, step.summaryMatrices(), settings));
      summarizing.add(
          new Computation(
              settings, program, new MatrixLayout(program, program.matrices(), settings)));
    }
  }

  static Algebra of(AttentionSettings settings) {
    return KNOWN.computeIfAbsent(settings, Algebra::new);
  }

  AttentionSettings settings() {
    return settings;
  }

  Program outputs() {
    return outputs;
  }

  MatrixLayout stateLayout() {
    return stateLayout;
  }

  List<ScanStep> steps() {
    return steps;
  }

  ScanStep step(int step) {
    checkStep(step);
    return steps.get(step);
  }

  MatrixLayout summaryLayout(int step) {
    checkStep(step);
    return summaryLayouts.get(step);
  }

  /** What makes the summaries of a step. */
  Computation summarizing(int step) {
    checkStep(step);
    return summarizing.get(step);
  }

  /** What makes outputs. */
  Computation attending() {
    return new Computation(settings, outputs, stateLayout);
  }

  private void checkStep(int step) {
    if (step < 0 || step >= steps.size()) {
      throw new StateException(
          "HLA_STATE_STEP", "scan step is " + step + ", expected below " + steps.size());
    }
  }

  /**
   * The matrices of {@code left} after the segment {@code later}: rho^e M_A + M_B + products for
   * those that the summary has. Matrices that it does not have are copied: another step is theirs.
   */
  double[] follow(MatrixLayout leftLayout, double[] left, Summary later) {
    MatrixLayout rightLayout = summaryLayout(later.step());
    double[] right = later.values();
    double[] result = left.clone();
    for (int head = 0; head < settings.numHeads(); head++) {
      double g = settings.decay().get(head);
      for (int m = 0; m < leftLayout.count(); m++) {
        int other = rightLayout.indexOf(leftLayout.matrix(m).name());
        if (other >= 0) {
          double rho = power(g, later.tokens(), leftLayout.matrix(m).decayPower(), 0);
          int to = leftLayout.offset(head, m);
          int from = rightLayout.offset(head, other);
          int size = leftLayout.rows(m) * leftLayout.columns(m);
          double[] moved = Arrays.copyOfRange(left, to, to + size);
          addScaled(moved, rho, Arrays.copyOfRange(right, from, from + size));
          System.arraycopy(moved, 0, result, to, size);
        }
      }
      for (Product product : steps.get(later.step()).products()) {
        int target = leftLayout.indexOf(product.target());
        if (target >= 0) {
          double weight = power(g, later.tokens(), product.rhoPower(), product.decayPower());
          Dense value = null;
          for (int f = product.factors().size() - 1; f >= 0; f--) {
            ScanStep.Factor factor = product.factors().get(f);
            Dense next =
                factor.side() == Side.EARLIER
                    ? Dense.of(leftLayout, left, head, factor.matrix())
                    : Dense.of(rightLayout, right, head, factor.matrix());
            value = value == null ? next : next.times(value);
          }
          value.addTo(result, leftLayout.offset(head, target), weight);
        }
      }
    }
    return result;
  }

  // g^(rhoPower tokens + decayPower) of an empty segment is 1: it must not change anything.
  private static double power(double g, long tokens, int rhoPower, int decayPower) {
    return tokens == 0 || g == 1 ? 1 : StrictMath.pow(g, (double) tokens * rhoPower + decayPower);
  }

  /** to = rho to + added. A method of its own: the compiler vectorizes the loop. */
  private static void addScaled(double[] to, double rho, double[] added) {
    for (int i = 0; i < to.length; i++) {
      to[i] = rho * to[i] + added[i];
    }
  }

  /** A matrix whose rows are arrays of their own, as {@link Rows} asks for. */
  private record Dense(double[][] rows, int columns) {
    private static final DoubleRows ARITHMETIC = new DoubleRows();

    static Dense of(MatrixLayout layout, double[] values, int head, String name) {
      int m = layout.indexOf(name);
      double[][] rows = new double[layout.rows(m)][];
      for (int i = 0; i < rows.length; i++) {
        int at = layout.offset(head, m) + i * layout.columns(m);
        rows[i] = Arrays.copyOfRange(values, at, at + layout.columns(m));
      }
      return new Dense(rows, layout.columns(m));
    }

    Dense times(Dense right) {
      double[][] product = new double[rows.length][right.columns];
      ARITHMETIC.product(product, rows.length, rows, 0, columns, right.rows, 0, right.columns);
      return new Dense(product, right.columns);
    }

    void addTo(double[] target, int at, double weight) {
      for (int i = 0; i < rows.length; i++) {
        int start = at + i * columns;
        double[] sum = Arrays.copyOfRange(target, start, start + columns);
        ARITHMETIC.add(sum, weight, rows[i], 0, columns);
        System.arraycopy(sum, 0, target, start, columns);
      }
    }
  }
}
