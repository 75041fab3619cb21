package io.hla.algebra;

import io.hla.algebra.ScanStep.Product;
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

  private Algebra(AttentionSettings settings) {
    this.settings = settings;
    outputs = Operators.outputs(settings);
    if (settings.normalize() && outputs.hasRowsOfValues()) {
      throw new SettingsException(
          "HLA_OPTION_NOT_APPLICABLE",
          "normalize needs an operator that is linear in v, not " + settings.operator().text());
    }
    stateLayout = new MatrixLayout(outputs, outputs.matrices(), settings);
    steps = Derivation.scan(outputs, settings.gated());
    for (ScanStep step : steps) {
      Program program = step.program();
      summaryLayouts.add(new MatrixLayout(program, step.summaryMatrices(), settings));
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

  private void checkStep(int step) {
    if (step < 0 || step >= steps.size()) {
      throw new StateException(
          "HLA_STATE_STEP", "scan step is " + step + ", expected below " + steps.size());
    }
  }

  /**
   * The matrices of {@code left} after the segment {@code later}: those that its step determines as
   * {@link ScanStep} says. The others are copied: another step is theirs.
   *
   * @param decays of all of {@code left} for each head; null where {@code left} is a state, whose
   *     matrices do not need them
   */
  double[] follow(MatrixLayout leftLayout, double[] left, double[] decays, Summary later) {
    MatrixLayout rightLayout = summaryLayout(later.step());
    double[] result = left.clone();
    for (int head = 0; head < settings.numHeads(); head++) {
      for (int m = 0; m < leftLayout.count(); m++) {
        if (leftLayout.owns(head, m) && rightLayout.indexOf(leftLayout.matrix(m).name()) >= 0) {
          int from = leftLayout.offset(head, m);
          int end = from + leftLayout.rows(m) * leftLayout.columns(m);
          DoubleRows.scale(
              result, power(head, later, leftLayout.matrix(m).decayPower(), 0), from, end);
        }
      }
      for (Product product : steps.get(later.step()).products()) {
        int target = leftLayout.indexOf(product.target());
        if (target >= 0 && leftLayout.owns(head, target)) {
          double weight = power(head, later, product.rhoPower(), product.decayPower());
          if (product.earlierPower() > 0) {
            weight *= StrictMath.pow(decays[head], product.earlierPower());
          }
          Dense value = Dense.of(rightLayout, later.shared(), head, product.moment());
          if (product.right() != null) {
            value = value.times(Dense.of(leftLayout, left, head, product.right()));
          }
          if (product.left() != null) {
            value = Dense.transposed(leftLayout, left, head, product.left()).times(value);
          }
          value.addTo(result, leftLayout.offset(head, target), weight);
        }
      }
    }
    return result;
  }

  /**
   * rho_B^rhoPower g^decayPower, g only where it is constant. That of an empty segment is 1: it
   * must not change anything.
   */
  private double power(int head, Summary later, int rhoPower, int decayPower) {
    if (later.tokens() == 0) {
      return 1;
    }
    if (settings.gated()) {
      return StrictMath.pow(later.decays()[head], rhoPower);
    }
    double g = settings.decay().get(head);
    return g == 1 ? 1 : StrictMath.pow(g, (double) later.tokens() * rhoPower + decayPower);
  }

  /** The product of the decays of some tokens for each head, where they are constant. */
  double[] constantDecays(long tokens) {
    return settings.decay().stream().mapToDouble(g -> StrictMath.pow(g, tokens)).toArray();
  }

  /** A matrix whose rows are arrays of their own, as {@link DoubleRows} asks for. */
  private record Dense(double[][] rows, int columns) {

    static Dense of(MatrixLayout layout, double[] values, int head, String name) {
      int m = layout.indexOf(name);
      double[][] rows = new double[layout.rows(m)][];
      for (int i = 0; i < rows.length; i++) {
        int at = layout.offset(head, m) + i * layout.columns(m);
        rows[i] = Arrays.copyOfRange(values, at, at + layout.columns(m));
      }
      return new Dense(rows, layout.columns(m));
    }

    static Dense transposed(MatrixLayout layout, double[] values, int head, String name) {
      Dense matrix = of(layout, values, head, name);
      if (layout.isSymmetric(layout.indexOf(name))) {
        return matrix;
      }
      double[][] rows = new double[matrix.columns][matrix.rows.length];
      DoubleRows.transpose(matrix.rows, rows);
      return new Dense(rows, matrix.rows.length);
    }

    Dense times(Dense right) {
      double[][] product = new double[rows.length][right.columns];
      DoubleRows.product(product, rows, columns, right.rows, 0, right.columns);
      return new Dense(product, right.columns);
    }

    void addTo(double[] target, int at, double weight) {
      for (int i = 0; i < rows.length; i++) {
        int start = at + i * columns;
        double[] sum = Arrays.copyOfRange(target, start, start + columns);
        DoubleRows.add(sum, weight, rows[i], 0, columns);
        System.arraycopy(sum, 0, target, start, columns);
      }
    }
  }
}
