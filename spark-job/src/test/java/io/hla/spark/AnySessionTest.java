package io.hla.spark;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.rand;
import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.runs.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Results do not depend on the serializer of a context, its cores, or its executors. */
@Timeout(300)
class AnySessionTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(4, 3).heads(2, 1).decay(0.95).build();
  private static final int TOKENS = 90;
  private static final long SEED = 55;

  @TempDir static Path folder;

  private static Map<Object, double[]> expected;
  private static Map<Object, double[]> expectedSorted;
  private static Map<Object, double[]> expectedLater;
  private static List<Row> expectedStates;
  private static List<Row> expectedPrefixes;

  private SparkSession spark;

  @BeforeAll
  static void computeOnce() {
    SparkSession spark = TestSpark.newSession();
    TokenStream stream = TokenStream.normal(SETTINGS, TOKENS, SEED);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(stream.rows("long", -20), 6));
    pieces.addAll(TokenFiles.split(stream.slice(0, 30).rows("short", 0), 1));
    TokenFiles.write(
        spark, TokenStream.SCHEMA, TokenFiles.shuffled(pieces, SEED), folder.resolve("tokens"));
    Attention.Result result = states().run(tokens(spark));
    result.finalStates().write().parquet(folder.resolve("states").toString());
    expected = Bits.of(result.outputs());
    expectedStates = rows(result.finalStates());
    expectedPrefixes = rows(result.prefixes());
    expectedLater =
        Bits.of(request().initialStates(result.finalStates()).attend(later(tokens(spark))));
    expectedSorted = Bits.of(request().inputOrder(InputOrder.SORT).attend(tokens(spark)));
  }

  private static Attention request() {
    return TestJob.request(SETTINGS).fanIn(3);
  }

  private static Attention states() {
    return request().withFinalStates().withPrefixes();
  }

  private static Attention onExecutors(Attention request) {
    return request.compute(request.compute().scannedOn(true));
  }

  private static Dataset<Row> tokens(SparkSession spark) {
    return spark.read().parquet(folder.resolve("tokens").toString());
  }

  private static List<Row> rows(Dataset<Row> states) {
    return states
        .selectExpr("seq", "next_pos", "tokens", "settings", "hex(state)")
        .orderBy("seq", "next_pos")
        .collectAsList();
  }

  @AfterEach
  void stop() {
    spark.stop();
  }

  static Stream<Arguments> sessions() {
    String kryo = "org.apache.spark.serializer.KryoSerializer";
    return Stream.of(
        Arguments.of("local[1]", Map.of()),
        Arguments.of("local[2]", Map.of("spark.serializer", kryo)),
        Arguments.of(
            "local[1]",
            Map.of(
                "spark.serializer",
                kryo,
                "spark.kryo.registrationRequired",
                "false",
                "spark.kryo.referenceTracking",
                "false",
                "spark.sql.adaptive.enabled",
                "false")),
        Arguments.of(
            "local-cluster[2,1,1024]",
            Map.of(
                "spark.serializer",
                kryo,
                "spark.shuffle.readHostLocalDisk",
                "false",
                "spark.executor.extraClassPath",
                System.getProperty("java.class.path"))));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("sessions")
  void resultsAreTheSame(String master, Map<String, String> options) {
    TestSpark.stop();
    SparkSession.Builder builder =
        SparkSession.builder().master(master).appName("tests").config("spark.ui.enabled", false);
    options.forEach(builder::config);
    spark = TestSpark.configured(builder.getOrCreate());
    Dataset<Row> tokens = tokens(spark);
    List<Attention> requests =
        master.startsWith("local[")
            ? List.of(states(), onExecutors(states()))
            : List.of(onExecutors(states()));
    for (Attention request : requests) {
      Attention.Result result = request.run(tokens);
      Bits.assertSame(Bits.of(result.outputs()), expected, request.compute());
      assertThat(rows(result.finalStates())).isEqualTo(expectedStates);
      assertThat(rows(result.prefixes())).isEqualTo(expectedPrefixes);
      assertThat(result.runList().map(Run::length).collect()).hasSize(7);
      assertThat(result.runsOf(result.longestSequence(), 0, 6)).hasSize(6);
      assertThat(result.summaries(result.runsOf(result.longestSequence(), 1, 3)))
          .hasSize(2)
          .doesNotContainNull();
    }
    Bits.assertSame(Bits.of(request().attend(tokens.cache())), expected, "cached");
    tokens.unpersist(true);
    Attention sorted = onExecutors(request());
    Bits.assertSame(Bits.of(sorted.attend(tokens.repartition(4))), expectedSorted, "shuffled");
    Dataset<Row> random =
        request().keep("v").attend(tokens.withColumn("v", array(rand(), rand(), rand())));
    Bits.assertSame(Bits.of(random), Bits.of(random), "random");
    requests.forEach(request -> assertStatesGoOn(request, tokens));
  }

  private void assertStatesGoOn(Attention request, Dataset<Row> tokens) {
    Dataset<Row> states = spark.read().parquet(folder.resolve("states").toString());
    Dataset<Row> later = later(tokens);
    Attention.Result result = request.initialStates(states).run(later);
    Bits.assertSame(Bits.of(result.outputs()), expectedLater, "continued");
    assertThat(result.finalStates().count()).isEqualTo(2);
    Attention.Result none = request.initialStates(states).run(later.where("pos > 10000"));
    assertThat(none.settings()).isEqualTo(SETTINGS);
    assertThat(rows(none.finalStates())).isEqualTo(expectedStates);
    assertThat(none.outputs().count()).isZero();
  }

  /** What one of the sequences goes on with. */
  private static Dataset<Row> later(Dataset<Row> tokens) {
    return tokens.withColumn("pos", tokens.col("pos").plus(TOKENS)).where("seq = 'long'");
  }
}
