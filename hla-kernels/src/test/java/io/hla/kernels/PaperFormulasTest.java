package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Three formulas of arXiv 2510.27258 as they are printed, on three to five random tokens: what they
 * give, and what they were meant to give.
 */
class PaperFormulasTest {
  private static final int D = 3;
  private static final double DECAY = 0.9;
  private static final long SEED = 7;

  private final double[][] q = random(SEED);
  private final double[][] k = random(SEED + 1);
  private final double[][] v = random(SEED + 2);

  /** A segment as printed in sections 4.2 and 6.2. */
  private record Printed(double rho, double[][] moment, double[][] second, double[][] correction) {
    Printed then(Printed b) {
      return new Printed(
          rho * b.rho,
          sum(times(b.rho, moment), b.moment),
          sum(times(b.rho, second), b.second),
          sum(
              sum(times(b.rho, correction), b.correction),
              product(b.moment, times(b.rho, second))));
    }
  }

  @Test
  void section42IsNotAssociative() {
    Printed a = maskedSecondOrder(0);
    Printed b = maskedSecondOrder(1);
    Printed c = maskedSecondOrder(2);
    assertThat(gap(a.then(b).then(c).correction, a.then(b.then(c)).correction))
        .as("bracketings of section 4.2's decayed operator, decay %s", DECAY)
        .isBetween(1e-3, 1.0);
  }

  @Test
  void section42FoldIsNotTheRecurrenceOfSection43() {
    Printed fold = maskedSecondOrder(0);
    double[][] g = new double[D][D];
    double[][] c = outer(q[0], v[0]);
    for (int t = 1; t < 3; t++) {
      fold = fold.then(maskedSecondOrder(t));
      // G_t = g G_(t-1) + k_t (k_t^T C_(t-1)), C not decayed in the product.
      g = sum(times(DECAY, g), product(outer(k[t], k[t]), c));
      c = sum(times(DECAY, c), outer(q[t], v[t]));
    }
    assertThat(gap(fold.correction, g))
        .as("left fold of section 4.2 against the recurrence of section 4.3")
        .isBetween(1e-3, 10.0);
  }

  @Test
  void section62IsNotAssociativeUntilRIsNotAttenuated() {
    Printed a = asymmetric(0);
    Printed b = asymmetric(1);
    Printed c = asymmetric(2);
    assertThat(gap(a.then(b).then(c).correction, a.then(b.then(c)).correction))
        .as("bracketings of section 6.2's decayed operator, decay %s", DECAY)
        .isBetween(1e-3, 10.0);

    AttentionSettings settings =
        AttentionSettings.builder(D, D)
            .operator(Operator.AHLA)
            .decay(DECAY)
            .precision(Precision.FLOAT64)
            .build();
    State zero = State.initial(settings);
    Summary[] s = new Summary[3];
    for (int t = 0; t < 3; t++) {
      s[t] = new Stretch(q[t], k[t], v[t]).summary(Kernels.recurrent(), 0, zero);
    }
    double[] left = s[0].combine(s[1]).combine(s[2]).values();
    double[] right = s[0].combine(s[1].combine(s[2])).values();
    for (int i = 0; i < left.length; i++) {
      assertThat(left[i]).isCloseTo(right[i], org.assertj.core.data.Offset.offset(1e-14));
    }
  }

  @Test
  void algorithm3SumsTriplesWhoseLargestIndexOccursTwice() {
    AttentionSettings settings =
        AttentionSettings.builder(D, D)
            .operator(Operator.HLA3)
            .form(Form.PUBLISHED)
            .precision(Precision.FLOAT64)
            .build();
    Stretch tokens = new Stretch(flat(q), flat(k), flat(v));
    double[] actual = tokens.outputs(Kernels.recurrent(), State.initial(settings));
    double[] twice = new double[actual.length];
    double[] theorem = new double[actual.length];
    for (int t = 0; t < q.length; t++) {
      for (int i = 0; i <= t; i++) {
        for (int u = 0; u <= t; u++) {
          for (int j = 0; j <= t; j++) {
            double weight = dot(q[t], k[i]) * dot(q[u], k[i]) * dot(q[u], k[j]);
            int top = Math.max(i, Math.max(u, j));
            boolean sumOfAlgorithm =
                (i == top ? 1 : 0) + (u == top ? 1 : 0) + (j == top ? 1 : 0) > 1;
            // ((W W^T . L) W) V with W lower triangular: i <= u, j <= u <= t.
            boolean sumOfTheorem = i <= u && j <= u;
            for (int c = 0; c < D; c++) {
              twice[t * D + c] += sumOfAlgorithm ? weight * v[j][c] : 0;
              theorem[t * D + c] += sumOfTheorem ? weight * v[j][c] : 0;
            }
          }
        }
      }
    }
    assertThat(largest(actual, twice)).as("Algorithm 3 against its triples").isLessThan(1e-13);
    assertThat(largest(actual, theorem))
        .as("Algorithm 3 against the masked product of Theorem 7.1")
        .isGreaterThan(1e-2);
  }

  // One token of section 4.2: S, C, and G = 0.
  private Printed maskedSecondOrder(int t) {
    return new Printed(DECAY, outer(k[t], k[t]), outer(q[t], v[t]), new double[D][D]);
  }

  // One token of section 6.2: R, P, and E = k (q^T P).
  private Printed asymmetric(int t) {
    double[][] p = outer(k[t], v[t]);
    return new Printed(DECAY, outer(k[t], q[t]), p, product(outer(k[t], q[t]), p));
  }

  private static double[][] random(long seed) {
    Random random = new Random(seed);
    double[][] rows = new double[5][D];
    for (double[] row : rows) {
      for (int i = 0; i < D; i++) {
        row[i] = random.nextGaussian() / 2;
      }
    }
    return rows;
  }

  private static double[] flat(double[][] rows) {
    double[] flat = new double[rows.length * D];
    for (int t = 0; t < rows.length; t++) {
      System.arraycopy(rows[t], 0, flat, t * D, D);
    }
    return flat;
  }

  private static double gap(double[][] a, double[][] b) {
    return largest(flat(a), flat(b));
  }

  private static double largest(double[] a, double[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < D; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static double[][] outer(double[] x, double[] y) {
    double[][] product = new double[D][D];
    for (int i = 0; i < D; i++) {
      for (int j = 0; j < D; j++) {
        product[i][j] = x[i] * y[j];
      }
    }
    return product;
  }

  private static double[][] product(double[][] a, double[][] b) {
    double[][] product = new double[D][D];
    for (int i = 0; i < D; i++) {
      for (int l = 0; l < D; l++) {
        for (int j = 0; j < D; j++) {
          product[i][j] += a[i][l] * b[l][j];
        }
      }
    }
    return product;
  }

  private static double[][] sum(double[][] a, double[][] b) {
    double[][] sum = new double[D][D];
    for (int i = 0; i < D; i++) {
      for (int j = 0; j < D; j++) {
        sum[i][j] = a[i][j] + b[i][j];
      }
    }
    return sum;
  }

  private static double[][] times(double factor, double[][] a) {
    double[][] product = new double[D][D];
    for (int i = 0; i < D; i++) {
      for (int j = 0; j < D; j++) {
        product[i][j] = factor * a[i][j];
      }
    }
    return product;
  }
}
