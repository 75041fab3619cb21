package io.hla.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_list;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.ExplainMode;
import org.apache.spark.sql.execution.QueryExecution;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When jobs run, how many, and in whose name. */
@Timeout(120)
class LazyAttentionTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(4, 4).heads(2, 1).decay(0.95).build();
  private static final int TOKENS = 90;
  private static final long SEED = 77;
  private static final List<String> ONCE = List.of("index", "summarize", "scan");

  @TempDir static Path folder;

  private final SparkSession spark = TestSpark.newSession();
  private final PhaseLog phases = new PhaseLog();
  private final Attention request = TestJob.request(SETTINGS).observer(phases);

  @BeforeAll
  static void writeTokens() {
    TokenFiles.write(
        TestSpark.newSession(), TokenStream.SCHEMA, pieces(), folder.resolve("tokens"));
  }

  @AfterEach
  void forgetTheCaller() {
    spark.sparkContext().clearJobGroup();
    spark.sparkContext().clearJobTags();
    spark.catalog().clearCache();
  }

  private static List<List<Row>> pieces() {
    TokenStream stream = TokenStream.normal(SETTINGS, TOKENS, SEED);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(stream.rows("a", -7), 4));
    pieces.addAll(TokenFiles.split(stream.slice(10, 60).rows("b", 3), 2));
    return TokenFiles.shuffled(pieces, SEED);
  }

  private Dataset<Row> tokens() {
    return tokens(folder.resolve("tokens"));
  }

  private Dataset<Row> tokens(Path path) {
    return spark.read().schema(TokenStream.SCHEMA).parquet(path.toString());
  }

  // --- Nothing runs ---

  @Test
  void planningStartsNoJob() {
    Dataset<Row> tokens = tokens();
    try (JobLog log = JobLog.of(spark)) {
      Dataset<Row> outputs = request.keep("q").attend(tokens);
      assertThat(outputs.schema().fieldNames()).containsExactly("seq", "pos", "o", "q");
      for (String mode : List.of("simple", "extended", "codegen", "cost", "formatted")) {
        assertThat(explained(outputs, mode)).as(mode).isNotEmpty();
      }
      outputs.createOrReplaceTempView("outputs");
      plan(spark.sql("SELECT count(*) FROM outputs WHERE pos > 3"));
      plan(outputs.where("pos > 3").select("o"));
      plan(outputs.join(tokens, "seq"));
      plan(outputs.union(outputs).repartition(3));
      plan(outputs.orderBy("pos").limit(3));
      plan(request.columns("seq", "pos", "o", "q", "q").numKvHeads(2).attend(outputs));
      outputs.cache();
      outputs.unpersist();
      assertThat(log.jobs()).isEmpty();
      assertThat(phases.phases()).isEmpty();
    }
  }

  @Test
  void explainShowsTheNodeAndItsChild() {
    Dataset<Row> outputs = request.attend(tokens().where("pos < 80"));
    for (String mode : List.of("simple", "extended", "cost", "formatted")) {
      assertThat(explained(outputs, mode))
          .as(mode)
          .containsSubsequence("HigherOrderLinearAttention", "Filter", "parquet");
    }
    outputs.createOrReplaceTempView("outputs");
    String sql = spark.sql("EXPLAIN SELECT * FROM outputs").head().getString(0);
    assertThat(sql).contains("HigherOrderLinearAttention hla2, heads 2/1", "FileScan parquet");
    assertThat(phases.phases()).isEmpty();
  }

  @Test
  void streamsAreRefusedAtOnce() throws IOException {
    Path watched = Files.createDirectories(folder.resolve("watched"));
    Dataset<Row> stream = spark.readStream().schema(TokenStream.SCHEMA).parquet(watched.toString());
    try (JobLog log = JobLog.of(spark)) {
      assertThatThrownBy(() -> request.attend(stream))
          .isInstanceOfSatisfying(
              InputException.class,
              e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_STREAMING"));
      Dataset<Row> states =
          stream.selectExpr("seq", "pos AS next_pos", "CAST(null AS BINARY) AS state");
      assertThatThrownBy(() -> request.initialStates(states).attend(tokens()))
          .as("states")
          .isInstanceOfSatisfying(
              InputException.class,
              e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_STREAMING"));
      assertThat(log.jobs()).isEmpty();
    }
  }

  // --- Once for all ---

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void twoActionsPrepareOnce(boolean adaptive) {
    adaptive(adaptive);
    Dataset<Row> outputs = request.attend(tokens());
    try (JobLog log = JobLog.of(spark)) {
      assertThat(outputs.collectAsList()).hasSize(TOKENS + 50);
      assertThat(log.jobs()).as("index, summaries, outputs").hasSize(3);
      outputs.collectAsList();
      assertThat(log.jobs()).hasSize(4);
      assertThat(outputs.count()).isEqualTo(TOKENS + 50);
      outputs.groupBy("seq").count().collectAsList();
      outputs.where("pos > 5").orderBy("pos").collectAsList();
    }
    assertThat(phases.phases()).isEqualTo(ONCE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aNodeThatIsThereTwicePreparesOnce(boolean adaptive) {
    adaptive(adaptive);
    Dataset<Row> outputs = request.attend(tokens());
    outputs.createOrReplaceTempView("outputs");
    long rows = TOKENS + 50;
    Dataset<Row> other = outputs.as("other");
    assertThat(outputs.as("one").join(other, col("one.pos").equalTo(col("other.pos"))).count())
        .isGreaterThan(rows);
    assertThat(outputs.union(outputs).count()).isEqualTo(2 * rows);
    assertThat(
            spark
                .sql(
                    "WITH c AS (SELECT seq, pos, o[0] AS x FROM outputs)"
                        + " SELECT a.x, b.x FROM c a JOIN c b ON a.seq = b.seq AND a.pos = b.pos")
                .count())
        .isEqualTo(rows);
    assertThat(phases.phases()).isEqualTo(ONCE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void cachedAndForgottenOutputsPrepareOnce(boolean adaptive) {
    adaptive(adaptive);
    Dataset<Row> outputs = request.attend(tokens());
    outputs.cache();
    outputs.count();
    try (JobLog log = JobLog.of(spark)) {
      outputs.count();
      assertThat(log.jobs()).isNotEmpty().noneMatch(job -> described(job).startsWith("HLA"));
    }
    outputs.unpersist(true);
    assertThat(outputs.count()).isEqualTo(TOKENS + 50);
    assertThat(phases.phases()).isEqualTo(ONCE);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void inputsBehindAShufflePrepareOnce(boolean adaptive) {
    adaptive(adaptive);
    Dataset<Row> outputs =
        request.attend(tokens().repartition(5).where("pos > -100").repartition(4));
    assertThat(outputs.count()).isEqualTo(TOKENS + 50);
    outputs.collectAsList();
    assertThat(outputs.union(outputs).count()).isEqualTo(2 * (TOKENS + 50));
    assertThat(phases.phases()).containsOnlyOnce("sort");
  }

  @Test
  void chainedNodesPrepareOnceEach() {
    PhaseLog above = new PhaseLog();
    Dataset<Row> outputs =
        request
            .columns("seq", "pos", "o", "k", "v")
            .outputColumn("twice")
            .observer(above)
            .attend(request.keep("k", "v").attend(tokens()));
    outputs.collectAsList();
    assertThat(outputs.count()).isEqualTo(TOKENS + 50);
    assertThat(phases.phases()).isEqualTo(ONCE);
    assertThat(above.phases()).isEqualTo(ONCE);
  }

  @Test
  void theActionsOfAResultRunNoPhaseAgain() {
    Attention.Result result = request.withFinalStates().withPrefixes().run(tokens());
    assertThat(phases.phases()).isEqualTo(ONCE);
    assertThat(result.outputs().count()).isEqualTo(TOKENS + 50);
    result.outputs().collectAsList();
    assertThat(result.finalStates().count()).isEqualTo(2);
    assertThat(result.prefixes().count()).isEqualTo(6);
    assertThat(phases.phases()).isEqualTo(ONCE);
  }

  // --- Failures ---

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFileThatComesBackIsReadAgain(boolean adaptive) throws IOException {
    adaptive(adaptive);
    Path table = folder.resolve("gone" + adaptive);
    TokenFiles.write(spark, TokenStream.SCHEMA, pieces(), table);
    Dataset<Row> outputs = request.attend(tokens(table));
    Path file = aFileOf(table);
    Path away = folder.resolve("away");
    Files.move(file, away);
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(outputs::count)
          .isInstanceOfSatisfying(
              InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_CHANGED"));
    }
    Files.move(away, file);
    assertThat(outputs.count()).isEqualTo(TOKENS + 50);
    assertSameRows(outputs, request.attend(tokens()));
  }

  private static Path aFileOf(Path table) throws IOException {
    try (var files = Files.list(table)) {
      return files.filter(f -> f.toString().endsWith(".parquet")).sorted().findFirst().get();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aGapThatIsFilledIsForgotten(boolean adaptive) throws IOException {
    adaptive(adaptive);
    Path gap = folder.resolve("gap" + adaptive);
    Dataset<Row> table =
        spark.createDataFrame(
            tokens().toJavaRDD().filter(new LackingWhile(gap.toString())::isThere),
            TokenStream.SCHEMA);
    Dataset<Row> outputs = request.attend(table);
    Files.createFile(gap);
    assertThatThrownBy(outputs::collectAsList)
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_GAP"));
    Files.delete(gap);
    assertSameRows(outputs, request.attend(tokens()));
  }

  /** Keeps position 10 from a table while a file is there. */
  private record LackingWhile(String file) implements Serializable {
    boolean isThere(Row row) {
      return row.getLong(1) != 10 || !Files.exists(Path.of(file));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aShuffleOfTheInputThatFailedRunsAgain(boolean adaptive) throws IOException {
    adaptive(adaptive);
    Path failing = folder.resolve("failing" + adaptive);
    Dataset<Row> table =
        spark.createDataFrame(
            tokens().toJavaRDD().mapPartitions(new FailingWhile(failing.toString())::rows),
            TokenStream.SCHEMA);
    Dataset<Row> outputs = request.attend(table.repartition(4));
    Files.createFile(failing);
    assertThatThrownBy(outputs::count).hasStackTraceContaining("meant to fail");
    Files.delete(failing);
    assertThat(outputs.count()).isEqualTo(TOKENS + 50);
  }

  /** Fails while a file is there. */
  private record FailingWhile(String file) implements Serializable {
    Iterator<Row> rows(Iterator<Row> rows) {
      if (Files.exists(Path.of(file))) {
        throw new IllegalStateException("meant to fail");
      }
      return rows;
    }
  }

  // --- In the caller's name ---

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void jobsAreTheCallers(boolean adaptive) {
    adaptive(adaptive);
    SparkContext context = spark.sparkContext();
    context.setJobGroup("group", "the caller's words", false);
    context.addJobTag("tag");
    // Behind a shuffle, phases run on threads of Spark's own.
    Map<String, Dataset<Row>> actions =
        Map.of(
            "alone", request.attend(tokens()),
            "aggregated", request.attend(tokens()).groupBy("seq").agg(collect_list("pos")),
            "after a shuffle", request.attend(tokens().repartition(3)));
    actions.forEach(
        (name, action) -> {
          try (JobLog log = JobLog.of(spark)) {
            action.collectAsList();
            assertThat(log.jobs())
                .as(name)
                .hasSizeGreaterThan(2)
                .allSatisfy(
                    job -> {
                      assertThat(job.group()).isEqualTo("group");
                      assertThat(job.tags().split(",")).contains("tag");
                      assertThat(job.execution()).isNotNull();
                    })
                .anyMatch(job -> described(job).startsWith("HLA "))
                .anyMatch(job -> described(job).equals("the caller's words"));
            assertThat(log.jobs().stream().map(JobLog.Job::execution).distinct())
                .as("SQL executions of %s", name)
                .hasSize(1);
          }
          assertThat(context.getLocalProperty("spark.job.description"))
              .isEqualTo("the caller's words");
        });
    try (JobLog log = JobLog.of(spark)) {
      request.run(tokens());
      assertThat(log.jobs())
          .isNotEmpty()
          .allMatch(job -> "group".equals(job.group()) && job.execution() != null);
    }
    assertThat(context.getLocalProperty("spark.job.description")).isEqualTo("the caller's words");
  }

  private static String described(JobLog.Job job) {
    return String.valueOf(job.description());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCancelledPreparationEndsAndALaterActionWorks(boolean adaptive) throws Exception {
    adaptive(adaptive);
    Path slow = Files.createFile(folder.resolve("slow" + adaptive));
    Dataset<Row> table =
        spark.createDataFrame(
            tokens().toJavaRDD().mapPartitions(new SlowWhile(slow.toString())::rows),
            TokenStream.SCHEMA);
    Dataset<Row> outputs = request.attend(table);
    SparkContext context = spark.sparkContext();
    CountDownLatch begun = new CountDownLatch(1);
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskStart(SparkListenerTaskStart start) {
            begun.countDown();
          }
        };
    context.addSparkListener(listener);
    CompletableFuture<Long> action =
        CompletableFuture.supplyAsync(
            () -> {
              context.setJobGroup("to cancel", "an action", true);
              return outputs.groupBy("seq").count().count();
            });
    assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
    context.removeSparkListener(listener);
    context.cancelJobGroup("to cancel");
    assertThatThrownBy(() -> action.get(60, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(SparkException.class)
        .hasStackTraceContaining("cancelled part of cancelled job group to cancel");
    Files.delete(slow);
    assertThat(outputs.count()).isEqualTo(TOKENS + 50);
  }

  /** Takes its time while a file is there. */
  private record SlowWhile(String file) implements Serializable {
    Iterator<Row> rows(Iterator<Row> rows) throws InterruptedException {
      while (Files.exists(Path.of(file))) {
        Thread.sleep(20);
      }
      return rows;
    }
  }

  // --- Tools ---

  private void adaptive(boolean value) {
    spark.conf().set("spark.sql.adaptive.enabled", value);
  }

  private static QueryExecution execution(Dataset<Row> table) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) table).queryExecution();
  }

  private static void plan(Dataset<Row> table) {
    assertThat(execution(table).executedPlan()).isNotNull();
  }

  private static String explained(Dataset<Row> table, String mode) {
    return execution(table).explainString(ExplainMode.fromString(mode));
  }

  private static void assertSameRows(Dataset<Row> actual, Dataset<Row> expected) {
    Map<Object, double[]> outputs = TestJob.bySequence(actual);
    Map<Object, double[]> others = TestJob.bySequence(expected);
    assertThat(outputs).containsOnlyKeys(others.keySet());
    outputs.forEach((sequence, o) -> assertThat(o).isEqualTo(others.get(sequence)));
  }
}
