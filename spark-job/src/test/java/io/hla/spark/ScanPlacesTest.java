package io.hla.spark;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Operator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whether runs are ordered and scanned on the driver, level by level on executors, or in trees that
 * are begun in their partitions: outputs and states are the same bits.
 */
class ScanPlacesTest {
  private static final int FAN_IN = 3;
  private static final long FIRST_HALF = 300;

  @TempDir Path folder;

  @ParameterizedTest
  @MethodSource("io.hla.spark.Operators#forms")
  void giveTheSameBits(Operator operator, Form form) {
    SparkSession spark = TestSpark.newSession();
    AttentionSettings settings = settings(operator, form);
    Dataset<Row> tokens = tokens(spark, settings, folder.resolve(operator + "-" + form));
    checkPlaces(TestJob.stored(spark, settings).fanIn(FAN_IN), tokens, "partitions");
  }

  /** Nothing of ours may travel by a serializer that the application chose. */
  @Test
  void needNoSerializerOfSpark() {
    AttentionSettings settings = settings(Operator.HLA3, Form.PUBLISHED);
    Path table = folder.resolve("tokens");
    tokens(TestSpark.newSession(), settings, table);
    TestSpark.stop();
    SparkSession spark =
        TestSpark.configured(
            SparkSession.builder()
                .master("local[2]")
                .appName("tests")
                .config("spark.ui.enabled", false)
                .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                .getOrCreate());
    try {
      Dataset<Row> tokens = spark.read().parquet(table.toString());
      checkPlaces(TestJob.stored(spark, settings).fanIn(FAN_IN), tokens, "kryo");
    } finally {
      spark.stop();
    }
  }

  private static AttentionSettings settings(Operator operator, Form form) {
    return AttentionSettings.builder(4, 3)
        .operator(operator)
        .form(form)
        .heads(2, 1)
        .decay(List.of(0.97, 0.9))
        .build();
  }

  /** Two long sequences over two files, of which one holds a third that is one run. */
  private static Dataset<Row> tokens(SparkSession spark, AttentionSettings settings, Path path) {
    List<List<Row>> pieces = new ArrayList<>(List.of(new ArrayList<>(), new ArrayList<>()));
    for (int s = 0; s < 2; s++) {
      List<Row> rows = TokenStream.normal(settings, 600 + 37 * s, s).rows("s" + s, 0);
      pieces.get(s).addAll(rows.subList(0, 250));
      pieces.get(1 - s).addAll(rows.subList(250, rows.size()));
    }
    pieces.get(1).addAll(TokenStream.normal(settings, 5, 7).rows("short", 0));
    TokenFiles.write(spark, TokenStream.SCHEMA, pieces, path);
    return spark.read().parquet(path.toString());
  }

  /** Runs of sixteen tokens follow one another in a partition; runs of whole pieces do not. */
  private static void checkPlaces(TestJob job, Dataset<Row> tokens, String as) {
    for (long cutEvery : new long[] {16, 0}) {
      TestJob cut = new TestJob(job.spark(), job.request().cutEvery(cutEvery));
      Found driver = Found.of(cut, tokens, null);
      assertThat(driver.figures()).containsEntry(Figure.SCANNED_ON, "driver");
      assertThat(driver.runs()).isEqualTo(cutEvery > 0 ? 38 + 40 + 2 + 1 : 5);
      Found executors = Found.of(cut.scannedOnExecutors(), tokens, null);
      assertThat(executors.figures()).containsEntry(Figure.SCANNED_ON, "executors");
      executors.assertSameAs(driver, as + ", cut every " + cutEvery);

      Dataset<Row> states =
          cut.request().withFinalStates().run(before(tokens)).finalStates().cache();
      Found continued = Found.of(cut, behind(tokens), states);
      Found onExecutors = Found.of(cut.scannedOnExecutors(), behind(tokens), states);
      onExecutors.assertSameAs(continued, as + ", continued, cut every " + cutEvery);
      assertThat(continued.states().keySet()).contains("short").hasSize(3);
      states.unpersist();
    }
  }

  private static Dataset<Row> before(Dataset<Row> tokens) {
    return tokens.where(col("pos").lt(FIRST_HALF));
  }

  private static Dataset<Row> behind(Dataset<Row> tokens) {
    return tokens.where(col("pos").geq(FIRST_HALF));
  }

  /** All that a job gives. */
  private record Found(
      Map<Object, double[]> outputs,
      Map<String, String> states,
      Map<String, String> prefixes,
      long runs,
      Map<Figure, Object> figures) {
    static Found of(TestJob job, Dataset<Row> tokens, Dataset<Row> states) {
      Attention request = job.request().withFinalStates().withPrefixes();
      Attention.Result result =
          (states == null ? request : request.initialStates(states)).run(tokens);
      Map<String, String> behind = new HashMap<>();
      for (Row row : result.finalStates().collectAsList()) {
        assertThat(behind.put(row.getString(0), text(row))).isNull();
      }
      Map<String, String> prefixes = new HashMap<>();
      for (Row row : result.prefixes().collectAsList()) {
        assertThat(prefixes.put(row.getString(0) + " " + row.get(1), text(row))).isNull();
      }
      return new Found(
          TestJob.bySequence(result.outputs()), behind, prefixes, result.runs(), result.figures());
    }

    private static String text(Row row) {
      byte[] state = row.getAs("state");
      String bytes = state == null ? "none" : HexFormat.of().formatHex(state);
      return row.get(1) + " " + row.get(2) + " " + bytes;
    }

    void assertSameAs(Found expected, String as) {
      assertThat(outputs).as(as).containsOnlyKeys(expected.outputs.keySet());
      outputs.forEach(
          (sequence, o) ->
              assertThat(o).as("%s, %s", as, sequence).isEqualTo(expected.outputs.get(sequence)));
      assertThat(states).as(as).isEqualTo(expected.states);
      assertThat(prefixes).as(as).isEqualTo(expected.prefixes).hasSize((int) runs);
      assertThat(runs).isEqualTo(expected.runs);
    }
  }
}
