package io.hla.spark.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticTokensTest {
  private static final SparkSession SPARK =
      SparkSession.builder()
          .master("local[2]")
          .appName("synthetic")
          .config("spark.ui.enabled", false)
          .getOrCreate();

  /**
   * A promise to everyone who keeps a seed: these never change. They were checked against another
   * SplitMix64 and, to 1e-5, another normal quantile.
   */
  @ParameterizedTest
  @CsvSource({
    "NORMAL,  0, 0, 0,             -0.34177458 0.37792718 1.2196264 -1.4806145 -0.37317717 0.107503556 0.480137 1.5285611 0.08207762 0.17728943 0.9693604 -1.0842938 -1.3983815",
    "NORMAL,  7, 3, 123456789012,  0.2501164 0.4344117 -0.6550009 0.37477025 0.46984625 0.59973526 -0.6544617 -0.90020007 0.33116424 -0.28013453 -0.9480343 0.104293376 0.13646919",
    "UNIFORM, 0, 0, 0,             -0.5349573 -0.58902884 0.44521308 0.27741873 -0.58196497 -0.1712209 -0.73773754 0.2527479 -0.13082981 -0.28143787 0.66473174 0.55647135 0.3239975",
    "UNIFORM, -1, 9000000000, 17,  -0.16434002 0.88545716 -0.9938669 -0.46861517 -0.7417679 -0.92122555 0.56319296 0.6686039 0.044317365 0.42233407 0.35247982 0.11144662 0.2702093",
    "INTEGER, 0, 0, 0,             0 1 1 1 1 0 2 2 1 -2 2 -1 0",
    "INTEGER, 42, 5, 1000000,      2 -1 -2 -1 2 0 -2 -1 -1 1 0 -1 -2"
  })
  void numbersNeverChange(
      Distribution distribution, long seed, long sequence, long position, String numbers) {
    float[] q = new float[5];
    float[] k = new float[5];
    float[] v = new float[3];
    new SyntheticTokens(1, 1, 1, 1, 5, 3, distribution, seed).fill(sequence, position, 1, q, k, v);
    float[] expected = new float[13];
    String[] text = numbers.split(" ");
    for (int i = 0; i < expected.length; i++) {
      expected[i] = Float.parseFloat(text[i]);
    }
    assertThat(Arrays.copyOf(expected, 5)).isEqualTo(q);
    assertThat(Arrays.copyOfRange(expected, 5, 10)).isEqualTo(k);
    assertThat(Arrays.copyOfRange(expected, 10, 13)).isEqualTo(v);
  }

  @ParameterizedTest
  @EnumSource
  void gatesAreCloseToOneAndSeldomZero(Distribution distribution) {
    SyntheticTokens tokens = new SyntheticTokens(1, 1, 3, 1, 5, 3, distribution, 2).gated(true);
    double[] gates = new double[3];
    double[] again = new double[3];
    int resets = 0;
    for (long position = 0; position < 100_000; position++) {
      tokens.fillGates(4, position, gates);
      resets += gates[0] == 0 ? 1 : 0;
      assertThat(gates[1] == 0 && gates[2] == 0).isEqualTo(gates[0] == 0);
      if (gates[0] != 0) {
        double least = distribution == Distribution.INTEGER ? 1 : 0.9;
        assertThat(Arrays.stream(gates).min().getAsDouble()).isBetween(least, 1.0);
        assertThat(Arrays.stream(gates).max().getAsDouble()).isBetween(least, 1.0);
      }
    }
    assertThat(resets).isBetween(60, 140);
    tokens.fillGates(4, 17, gates);
    new SyntheticTokens(9, 2, 3, 3, 1, 1, distribution, 2).fillGates(4, 17, again);
    assertThat(again).isEqualTo(gates);
  }

  @Test
  void partitioningDoesNotCount() {
    SyntheticTokens tokens = new SyntheticTokens(1003, 7, 2, 1, 5, 3, Distribution.NORMAL, 11);
    List<String> expected = new ArrayList<>();
    for (long sequence = 0; sequence < 7; sequence++) {
      // 1003 = 7 x 143 + 2
      assertThat(tokens.length(sequence)).isEqualTo(sequence < 2 ? 144 : 143);
      for (long position = 0; position < tokens.length(sequence); position++) {
        float[] q = new float[10];
        float[] k = new float[5];
        float[] v = new float[3];
        tokens.fill(sequence, position, 1, q, k, v);
        expected.add(shown(sequence, position, q, k, v));
      }
    }
    assertThat(shown(tokens.table(SPARK))).isEqualTo(expected);
    for (int partitions : new int[] {1, 2, 7, 40}) {
      Dataset<Row> table = tokens.table(SPARK, partitions);
      assertThat(table.rdd().getNumPartitions()).isEqualTo(partitions);
      assertThat(shown(table)).as("%d partitions", partitions).isEqualTo(expected);
    }
  }

  /** Against a filter that Spark cannot hand to the source. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pos between 20 and 30 | 7",
        "pos < 5 | 7",
        "pos >= 143 | 2",
        "pos > 1000 | 0",
        "seq = 3 and pos > 140 | 1",
        "seq >= 2 and seq < 4 and pos <= 0 | 2",
        "seq = 1 and pos = 143 | 1",
        "seq = 9 | 0",
        "seq < 0 | 0",
        "pos > 7 and pos < 3 | 0"
      })
  void aRangeIsReadAlone(String condition, int mostPartitions) {
    SyntheticTokens tokens = new SyntheticTokens(1003, 7, 1, 1, 3, 2, Distribution.NORMAL, 5);
    String hidden =
        condition.replace("pos", "(pos + pmod(pos, 1))").replace("seq", "(seq + 0 * pos)");
    for (int partitions : new int[] {1, 7, 60}) {
      Dataset<Row> table = tokens.table(SPARK, partitions);
      Dataset<Row> range = table.where(condition);
      assertThat(shown(range)).isEqualTo(shown(table.where(hidden)));
      if (partitions == 7) {
        assertThat(range.rdd().getNumPartitions()).isLessThanOrEqualTo(mostPartitions);
      }
    }
  }

  @Test
  void columnsAreMadeAlone() {
    SyntheticTokens tokens = new SyntheticTokens(50, 3, 1, 1, 3, 2, Distribution.NORMAL, 5);
    Dataset<Row> table = tokens.table(SPARK, 4);
    String all = table.select("v", "pos").collectAsList().toString();
    assertThat(all).isEqualTo(tokens.table(SPARK, 1).select("v", "pos").collectAsList().toString());
    assertThat(table.count()).isEqualTo(50);
    assertThat(table.select("k").queryExecution().executedPlan().toString()).doesNotContain("pos#");
  }

  @Test
  void aBlockIsItsTokens() {
    SyntheticTokens tokens = new SyntheticTokens(100, 1, 2, 1, 3, 7, Distribution.UNIFORM, 1);
    float[][] block = {new float[60], new float[30], new float[70]};
    tokens.fill(4, 50, 10, block[0], block[1], block[2]);
    for (int t = 0; t < 10; t++) {
      float[][] one = {new float[6], new float[3], new float[7]};
      tokens.fill(4, 50 + t, 1, one[0], one[1], one[2]);
      for (int i = 0; i < 3; i++) {
        int width = one[i].length;
        assertThat(Arrays.copyOfRange(block[i], t * width, (t + 1) * width)).isEqualTo(one[i]);
      }
    }
  }

  @Test
  void widerRowsBeginWithTheNarrowOnes() {
    float[] narrow = new float[5];
    float[] wide = new float[64];
    float[] unused = new float[64];
    for (Distribution distribution : Distribution.values()) {
      new SyntheticTokens(9, 1, 1, 1, 5, 5, distribution, 3).fill(1, 2, 1, unused, narrow, unused);
      new SyntheticTokens(9, 1, 2, 2, 32, 1, distribution, 3).fill(1, 2, 1, unused, wide, unused);
      assertThat(Arrays.copyOf(wide, 5)).isEqualTo(narrow);
    }
  }

  @Test
  void fewerTokensThanSequencesLeaveSequencesEmpty() {
    assertThat(sequences(3, 5)).containsExactly(0L, 1L, 2L);
    assertThat(sequences(0, 5)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-1 | 1 | 1 | 1 | 4 | HLA_OPTION_RANGE | tokens is -1, expected 0 or more",
        "1 | 0 | 1 | 1 | 4 | HLA_OPTION_RANGE | sequences is 0, expected at least 1",
        "1 | 1 | 0 | 1 | 4 | HLA_HEADS | num-heads is 0, expected at least 1",
        "1 | 1 | 4 | 3 | 4 | HLA_HEADS | num-kv-heads is 3, expected a divisor of num-heads 4",
        "1 | 1 | 2 | 1 | 0 | HLA_OPTION_RANGE | num-heads x head-dim is 2 x 0, expected 1 to 262144",
        "1 | 1 | 2 | 1 | 131073 | HLA_OPTION_RANGE | num-heads x head-dim is 2 x 131073",
        "8796093022208 | 1 | 1 | 1 | 4 | HLA_OPTION_RANGE | expected fewer than 2^43 in each of 1"
      })
  void refusesWhatItCannotMake(
      long tokens,
      long sequences,
      int heads,
      int kvHeads,
      int size,
      String condition,
      String text) {
    assertThatThrownBy(
            () ->
                new SyntheticTokens(
                    tokens, sequences, heads, kvHeads, size, size, Distribution.NORMAL, 0))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo(condition))
        .hasMessageContaining(text);
  }

  private static List<Long> sequences(long tokens, long sequences) {
    SyntheticTokens stream =
        new SyntheticTokens(tokens, sequences, 1, 1, 2, 2, Distribution.NORMAL, 0);
    return stream.table(SPARK, 4).collectAsList().stream().map(row -> row.getLong(0)).toList();
  }

  /** Rows in the order of the partitions. */
  private static List<String> shown(Dataset<Row> table) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) table)
        .queryExecution().toRdd().toJavaRDD().map(InternalRow::copy).collect().stream()
            .map(
                row ->
                    shown(
                        row.getLong(0),
                        row.getLong(1),
                        row.getArray(2).toFloatArray(),
                        row.getArray(3).toFloatArray(),
                        row.getArray(4).toFloatArray()))
            .toList();
  }

  private static String shown(long sequence, long position, float[] q, float[] k, float[] v) {
    return sequence + " " + position + Arrays.toString(q) + Arrays.toString(k) + Arrays.toString(v);
  }
}
