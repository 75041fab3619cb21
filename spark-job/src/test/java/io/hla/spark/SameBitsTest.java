package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** One input and one set of options give the same bits; clusters have faults.sh. */
class SameBitsTest {
  /** In front of a multiple of the sorted chunk, so that sorted streams are cut too. */
  private static final long START = -61;

  private static final int TOKENS = 211;
  private static final int PIECES = 13;
  private static final long SEED = 20;

  private final SparkSession spark = TestSpark.newSession();

  @ParameterizedTest
  @MethodSource("io.hla.spark.Operators#forms")
  void whateverTheOrderOfPartitionsAndThePlaceOfTheScan(Operator operator, Form form) {
    AttentionSettings settings = settings(operator, form);
    TestJob job = TestJob.stored(spark, settings).fanIn(3);
    List<List<Row>> pieces = TokenFiles.split(rows(settings), PIECES);
    Map<Object, double[]> expected = job.outputs(table(pieces));
    for (long seed = SEED; seed < SEED + 2; seed++) {
      Dataset<Row> shuffled = table(TokenFiles.shuffled(pieces, seed));
      same(job.outputs(shuffled), expected, operator, form, "on the driver");
      same(job.scannedOnExecutors().outputs(shuffled), expected, operator, form, "on executors");
    }
  }

  @ParameterizedTest
  @MethodSource("io.hla.spark.Operators#all")
  void whateverThePartitionsOfATableThatIsSorted(Operator operator) {
    AttentionSettings settings = settings(operator, Form.EXACT);
    TestJob job = TestJob.stored(spark, settings).sorted();
    List<Row> rows = rows(settings);
    Map<Object, double[]> expected = job.outputs(table(TokenFiles.scatter(rows, 2, SEED)));
    Dataset<Row> other = table(TokenFiles.scatter(rows, 5, SEED + 1));
    same(job.outputs(other), expected, operator, Form.EXACT, "on the driver");
    same(job.scannedOnExecutors().outputs(other), expected, operator, Form.EXACT, "on executors");
  }

  private static void same(
      Map<Object, double[]> actual, Map<Object, double[]> expected, Object... what) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    actual.forEach((sequence, o) -> assertThat(o).as("%s", what).isEqualTo(expected.get(sequence)));
  }

  private static AttentionSettings settings(Operator operator, Form form) {
    return AttentionSettings.builder(5, 3)
        .operator(operator)
        .form(form)
        .heads(2, 1)
        .decay(List.of(0.97, 0.9))
        .precision(Precision.FLOAT64)
        .build();
  }

  private static List<Row> rows(AttentionSettings settings) {
    return TokenStream.normal(settings, TOKENS, SEED).rows("s", START);
  }

  private Dataset<Row> table(List<List<Row>> pieces) {
    return TokenFiles.partitioned(spark, TokenStream.SCHEMA, pieces);
  }
}
