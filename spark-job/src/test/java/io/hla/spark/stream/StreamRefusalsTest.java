package io.hla.spark.stream;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.when;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.spark.Attention;
import io.hla.spark.InputException;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is refused, and what goes to the column of errors instead. Tables are one micro-batch. */
class StreamRefusalsTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(2, 3).heads(2, 1).precision(Precision.FLOAT64).build();
  private static final String PROVIDER = "spark.sql.streaming.stateStore.providerClass";

  private final SparkSession spark = TestSpark.newSession();
  private final Attention request = TestJob.request(SETTINGS);
  private final List<Row> rows = TokenStream.normal(SETTINGS, 30, 75).rows("s", 0);

  @TempDir Path folder;

  @BeforeEach
  void onePartition() {
    spark.conf().set("spark.sql.shuffle.partitions", 1);
  }

  private Dataset<Row> table() {
    return TokenFiles.partitioned(spark, TokenStream.SCHEMA, List.of(rows));
  }

  private Dataset<Row> with(String column, String value) {
    return table()
        .withColumn(column, when(col("pos").equalTo(11), expr(value)).otherwise(col(column)));
  }

  private static void refuses(String condition, String message, Supplier<Dataset<Row>> outputs) {
    assertThatThrownBy(() -> outputs.get().collect())
        .satisfies(
            e -> {
              InputException refused = Refused.in(e);
              assertThat(refused.condition()).isEqualTo(condition);
              assertThat(refused).hasMessageStartingWith(message);
            });
  }

  @Test
  void rowsAreRefusedAsInTables() {
    refuses(
        "HLA_INPUT_NULL",
        "a row has a null sequence in column seq",
        () -> request.stream(with("seq", "null"), null));
    refuses(
        "HLA_INPUT_NULL",
        "a row of sequence \"s\" has a null position",
        () -> request.stream(with("pos", "null"), null));
    refuses(
        "HLA_INPUT_WIDTH",
        "k has 3 values at position 11 of sequence \"s\", expected 2 (1 KV heads x 2)",
        () -> request.stream(with("k", "array(1d, 2d, 3d)"), null));
    refuses(
        "HLA_INPUT_NONFINITE",
        "v[1] is NaN at position 11 of sequence \"s\"",
        () -> request.stream(with("v", "array(1d, double('NaN'), 3d)"), null));
    refuses(
        "HLA_OVERFLOW",
        "o[0] is ",
        () ->
            request.stream(
                with("v", "array(1e300d, 1d, 1d)").withColumn("k", expr("transform(k, x -> 1e9d)")),
                null));
    refuses(
        "HLA_INPUT_GAP",
        "sequence \"s\" ends at position 10 and goes on at 12 (1 tokens missing)",
        () -> request.stream(table().where("pos <> 11"), null));
    refuses(
        "HLA_INPUT_LATE",
        "position 11 of sequence \"s\" comes late or again, expected 12",
        () -> request.stream(table().union(table().where("pos = 11")), null));
    refuses(
        "HLA_STATE_REQUIRED",
        "sequence \"s\" has no initial state, expected one",
        () -> request.requireStates(true).stream(table(), null));
    Dataset<Row> zeros = table().withColumn("seq", expr("double(0) * (1 - 2 * (pos % 2))"));
    refuses("HLA_INPUT_TYPE", "sequence \"", () -> request.stream(zeros, null));
  }

  @Test
  void requestsAreRefusedAtOnce() {
    refuses(
        "HLA_OPTION_NOT_APPLICABLE",
        "precision mixed rounds states at set places, which micro-batches would move, expected"
            + " float64 or float32",
        () -> TestJob.request(SETTINGS.withPrecision(Precision.MIXED)).stream(table(), null));
    refuses(
        "HLA_OPTION_NOT_APPLICABLE",
        "cut-every belongs to tables",
        () -> request.cutEvery(10).stream(table(), null));
    refuses(
        "HLA_OUTPUT_COLUMN",
        "the output would have columns [seq, pos, error, error], expected error once",
        () ->
            request.outputColumn("error").stream(
                table(), null, StreamOptions.defaults().late("error")));
    refuses(
        "HLA_OPTION_VALUE",
        "late is skip, expected fail, drop, error",
        () -> request.stream(table(), null, StreamOptions.defaults().late("skip")));
    refuses(
        "HLA_INPUT_COLUMN",
        "the table has no column k",
        () -> request.stream(table().drop("k"), null));
    spark
        .conf()
        .set(
            PROVIDER,
            "org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider");
    refuses("HLA_STREAM_STATE_STORE", PROVIDER + " is org", () -> request.stream(table(), null));
  }

  @Test
  void theSessionGetsAStateStoreThatItHasNotChosen() {
    SparkSession fresh = TestSpark.newSession();
    request.stream(TokenFiles.partitioned(fresh, TokenStream.SCHEMA, List.of(rows)), null);
    assertThat(fresh.conf().get(PROVIDER)).endsWith(".RocksDBStateStoreProvider");
    assertThat(
            fresh
                .conf()
                .get("spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled"))
        .isEqualTo("true");
  }

  /** Rows are held back over micro-batches and a restart, late ones say why; columns are kept. */
  @Test
  void lateAndEarlyRowsAreDealtWith() throws Exception {
    StreamOptions options = StreamOptions.defaults().late("error").holdBack(4).startAt(0);
    ArrivingFiles files = new ArrivingFiles(spark, TokenStream.SCHEMA, folder);
    Attention kept = request.keep("pos2");
    files.add(rows.subList(3, 6)).add(rows.subList(0, 3));
    files.run(tokens -> kept.stream(tokens.selectExpr("*", "pos * 2 as pos2"), null, options));
    files.add(List.of(rows.get(8), rows.get(2))).add(rows.subList(6, 8)).add(rows.subList(9, 30));
    Dataset<Row> streamed =
        files.run(tokens -> kept.stream(tokens.selectExpr("*", "pos * 2 as pos2"), null, options));
    assertThat(streamed.where("error is not null").collectAsList())
        .extracting(Row::toString)
        .containsExactly(
            "[s,2,null,4,[HLA_INPUT_LATE] position 2 of sequence \"s\" comes late or again, expected"
                + " 6]");
    Dataset<Row> good = streamed.where("error is null");
    assertThat(good.where("pos2 <> 2 * pos").count()).isZero();
    Map<Object, double[]> expected = TestJob.bySequence(request.attend(table()));
    assertThat(TestJob.bySequence(good)).usingRecursiveComparison().isEqualTo(expected);
  }
}
