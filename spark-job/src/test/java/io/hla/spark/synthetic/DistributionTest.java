package io.hla.spark.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DistributionTest {
  private static final int TOKENS = 20_000;
  private static final int WIDTH = 50; // Not a multiple of 4: the last word is used in part.

  @Test
  void normalHasTheMomentsOfTheNormalDistribution() {
    double[] x = sample(Distribution.NORMAL, 1);
    // Five standard errors of a million numbers.
    assertThat(moment(x, 1)).isCloseTo(0, within(5e-3));
    assertThat(moment(x, 2)).isCloseTo(1, within(5 * Math.sqrt(2e-6)));
    assertThat(moment(x, 3)).isCloseTo(0, within(5 * Math.sqrt(15e-6)));
    assertThat(moment(x, 4)).isCloseTo(3, within(5 * Math.sqrt(96e-6)));
    double beyondThree = Arrays.stream(x).filter(v -> Math.abs(v) > 3).count() / (double) x.length;
    assertThat(beyondThree).isCloseTo(0.0026998, within(2.6e-4));
  }

  @Test
  void uniformFillsItsRangeEvenly() {
    double[] x = sample(Distribution.UNIFORM, 2);
    assertThat(Arrays.stream(x).allMatch(v -> v >= -1 && v < 1)).isTrue();
    assertThat(Arrays.stream(x).allMatch(v -> v * 0x1p23 == Math.rint(v * 0x1p23))).isTrue();
    assertThat(moment(x, 1)).isCloseTo(0, within(5 * Math.sqrt(1e-6 / 3)));
    assertThat(moment(x, 2)).isCloseTo(1 / 3.0, within(5 * Math.sqrt(4e-6 / 45)));
    assertThat(Arrays.stream(x).max().getAsDouble()).isGreaterThan(0.9999);
    assertThat(Arrays.stream(x).min().getAsDouble()).isLessThan(-0.9999);
  }

  @Test
  void integersAreEquallyLikely() {
    double[] x = sample(Distribution.INTEGER, 3);
    assertThat(Arrays.stream(x).allMatch(v -> v == Math.rint(v) && Math.abs(v) <= 2)).isTrue();
    for (int value = -2; value <= 2; value++) {
      int wanted = value;
      double share = Arrays.stream(x).filter(v -> v == wanted).count() / (double) x.length;
      assertThat(share).as("share of %d", value).isCloseTo(0.2, within(2e-3));
    }
  }

  @Test
  void numbersAreNotCorrelated() {
    for (Distribution distribution : Distribution.values()) {
      double[] x = sample(distribution, 4);
      double variance = moment(x, 2);
      // Within a word, from word to word, and from token to token in one column.
      for (int lag : new int[] {1, 2, 3, 4, 5, WIDTH, 2 * WIDTH, 64 * WIDTH}) {
        double sum = 0;
        for (int i = lag; i < x.length; i++) {
          sum += x[i] * x[i - lag];
        }
        assertThat(sum / (x.length - lag) / variance)
            .as("%s, lag %d", distribution, lag)
            .isCloseTo(0, within(5.5e-3));
      }
    }
  }

  @Test
  void queriesKeysValuesSequencesAndSeedsAreUnrelated() {
    float[][] rows = new float[5][1000];
    float[] unused = new float[1000];
    tokens(Distribution.UNIFORM, 5, 1000).fill(0, 0, 1, rows[0], rows[1], rows[2]);
    tokens(Distribution.UNIFORM, 5, 1000).fill(1, 0, 1, rows[3], unused, unused);
    tokens(Distribution.UNIFORM, 6, 1000).fill(0, 0, 1, rows[4], unused, unused);
    for (int a = 0; a < rows.length; a++) {
      for (int b = 0; b < a; b++) {
        double sum = 0;
        for (int i = 0; i < 1000; i++) {
          sum += rows[a][i] * rows[b][i];
        }
        assertThat(sum / 1000 * 3).as("%d and %d", a, b).isCloseTo(0, within(0.16));
      }
    }
  }

  @Test
  void normalQuantilesMeetTheDistributionFunction() {
    // Known quantiles, as far out as 32 bits reach.
    double[][] known = {
      {0.25, -0.6744897501960817},
      {0.025, -1.9599639845400545},
      {0.001, -3.0902323061678132},
      {1e-6, -4.753424308822899},
      {1e-9, -5.997807015007686}
    };
    for (double[] pair : known) {
      assertThat(NormalQuantile.quantile(pair[0])).isCloseTo(pair[1], within(1e-8));
      long bits = Math.round(pair[0] * 0x1p32) << 1;
      // A probability of few bits lies off by the rounding of the last.
      double rounding = 0.5 / (pair[0] * 0x1p32);
      assertThat((double) NormalQuantile.of((int) bits))
          .isCloseTo(pair[1], within(1e-5 + rounding));
      assertThat((double) NormalQuantile.of((int) bits | 1))
          .isCloseTo(-pair[1], within(1e-5 + rounding));
    }
  }

  @Test
  void tableOfQuantilesIsCloseEverywhere() {
    for (long u = 1; u < 1L << 31; u += 1 + u / 777) {
      double exact = NormalQuantile.quantile(u / 0x1p32);
      assertThat((double) NormalQuantile.of((int) (u << 1))).isCloseTo(exact, within(1e-5));
    }
    assertThat(NormalQuantile.of(0)).isCloseTo(-6.23f, within(0.01f));
    assertThat(NormalQuantile.of(-1)).isCloseTo(0f, within(1e-6f));
  }

  private static SyntheticTokens tokens(Distribution distribution, long seed, int width) {
    return new SyntheticTokens(TOKENS, 1, 1, 1, width, width, distribution, seed);
  }

  private static double[] sample(Distribution distribution, long seed) {
    SyntheticTokens tokens = tokens(distribution, seed, WIDTH);
    float[] query = new float[TOKENS * WIDTH];
    float[] other = new float[TOKENS * WIDTH];
    tokens.fill(0, 0, TOKENS, query, other, other);
    double[] wide = new double[query.length];
    Arrays.setAll(wide, i -> query[i]);
    return wide;
  }

  private static double moment(double[] x, int power) {
    return Arrays.stream(x).map(v -> Math.pow(v, power)).sum() / x.length;
  }
}
