package io.hla.spark.extract;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.Precision;
import io.hla.spark.InputException;
import io.hla.spark.InputOrder;
import io.hla.spark.TestSpark;
import io.hla.spark.model.RandomModel;
import io.hla.spark.stream.ArrivingFiles;
import io.hla.spark.stream.AttentionStream;
import io.hla.spark.stream.Refused;
import io.hla.spark.stream.StreamOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A stream has the features of a table whose sequences are one run each, to the bit. */
class FeatureStreamTest {
  private static final int VOCABULARY = 40;
  private static final StructType SCHEMA =
      new StructType()
          .add("seq", DataTypes.StringType, false)
          .add("pos", DataTypes.LongType, false)
          .add("id", DataTypes.IntegerType, false)
          .add("tag", DataTypes.StringType, true);

  @TempDir static Path models;

  @TempDir Path folder;

  private final SparkSession spark = TestSpark.newSession();

  /** Every option that a layer has, and an operator of higher order without any. */
  @BeforeAll
  static void writeModels() throws IOException {
    Map<String, Object> every = new HashMap<>();
    every.put("num_kv_heads", 2);
    every.put("value_dim", 5);
    every.put("decay", List.of(List.of(0.9, 0.99, 1.0, 0.95), List.of(1, 0.8, 0.97, 1)));
    every.put("ridge", 0.1);
    every.put("normalize", true);
    every.put("normalize_epsilon", 0.5);
    every.put("feature_map", "elu1");
    every.put("use_output_gate", true);
    every.put("use_gk", true);
    every.put("operator", "hla2");
    write("every-option", every);
    write("third-order", Map.of("operator", "hla3", "use_output_norm", false, "decay", 0.97));
  }

  private static void write(String name, Map<String, Object> own) throws IOException {
    Map<String, Object> config = new HashMap<>();
    config.put("model_type", "hla");
    config.put("vocab_size", VOCABULARY);
    config.put("hidden_size", 24);
    config.put("num_hidden_layers", 2);
    config.put("num_heads", 4);
    config.put("intermediate_size", 37);
    config.putAll(own);
    RandomModel.write(models.resolve(name), config, 17, "F32", 0);
  }

  @BeforeEach
  void fewPartitions() {
    spark.conf().set("spark.sql.shuffle.partitions", 2);
  }

  private static FeatureExtractor extractor(String model) {
    return FeatureExtractor.of(models.resolve(model).toString())
        .dtype(VectorType.DOUBLE)
        .inputOrder(InputOrder.STORED);
  }

  private static FeatureExtractor with(FeatureExtractor request, String kernels) {
    return request.compute(request.compute().withKernels(kernels, "auto"));
  }

  /** Tokens of a sequence, whose name has the seed. */
  private static List<Row> tokens(int seed, long start, int count) {
    int[] ids = new Random(seed).ints(count, 0, VOCABULARY).toArray();
    List<Row> rows = new ArrayList<>();
    for (int t = 0; t < count; t++) {
      rows.add(RowFactory.create("s" + seed, start + t, ids[t], "s" + seed + "@" + t));
    }
    return rows;
  }

  /** One partition, so that every sequence is one run. */
  private Dataset<Row> table(List<Row> rows) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    return spark.createDataFrame(context.parallelize(rows, 1), SCHEMA);
  }

  private static List<Row> sorted(Dataset<Row> rows) {
    return rows.orderBy("seq", "pos").collectAsList();
  }

  /** A long sequence, a short one, and one that begins late. */
  @ParameterizedTest(name = "{0} {1}, scores {2}")
  @CsvSource({
    "java, every-option, true",
    "native, every-option, true",
    "java, third-order, false",
    "native, third-order, false"
  })
  void microBatchesAndRestartsChangeNoBit(String kernels, String model, boolean scores)
      throws Exception {
    Random random = new Random(91);
    List<List<Row>> batches = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      batches.add(new ArrayList<>());
    }
    List<Row> all = new ArrayList<>();
    int[] lengths = {331, 20, 150};
    for (int s = 0; s < lengths.length; s++) {
      List<Row> tokens = tokens(s, 1000L * s - 5, lengths[s]);
      all.addAll(tokens);
      int from = 0;
      for (int batch = s == 2 ? 2 : 0; batch < 4; batch++) {
        int left = tokens.size() - from;
        int count = batch == 3 ? left : Math.min(left, random.nextInt(110));
        batches.get(batch).addAll(tokens.subList(from, from + count));
        from += count;
      }
    }
    batches.forEach(batch -> Collections.shuffle(batch, random));
    FeatureExtractor request = with(extractor(model).score(scores).keep("tag"), kernels);
    ArrivingFiles files = new ArrivingFiles(spark, SCHEMA, folder);
    files.add(batches.get(0)).add(batches.get(1));
    files.run(ids -> request.stream(ids, null));
    files.add(batches.get(2)).add(batches.get(3));
    List<Row> streamed = sorted(files.run(ids -> request.stream(ids, null)));

    Dataset<Row> expected = request.extract(table(all));
    // The last token of a sequence waits for its score.
    assertThat(streamed)
        .isEqualTo(sorted(scores ? expected.where("log_probability IS NOT NULL") : expected));
    assertThat(streamed).hasSize(501 - (scores ? 3 : 0));
  }

  /** A table is one micro-batch, here of more tokens than the buffer of a layer holds. */
  @ParameterizedTest
  @ValueSource(strings = {"layer:0", "layer:1", "layer:2", "attention:1", "attention:2"})
  void givesTheVectorsOfALayer(String features) {
    FeatureExtractor request = extractor("every-option").features(features);
    List<Row> rows = new ArrayList<>(tokens(3, 0, 1400));
    rows.addAll(tokens(4, 7, 1));
    assertThat(sorted(request.stream(table(rows), null)))
        .isEqualTo(sorted(request.extract(table(rows))));
  }

  @Test
  void writesVectorsInTheTypeThatIsAskedForOrScoresAlone() {
    Dataset<Row> table = table(tokens(5, 0, 70));
    for (FeatureExtractor request :
        List.of(
            extractor("third-order").dtype(VectorType.HALF).l2(true),
            extractor("third-order").dtype(VectorType.FLOAT))) {
      assertThat(comparable(request.stream(table, null)))
          .isEqualTo(comparable(request.extract(table)));
    }
    FeatureExtractor scores = extractor("third-order").features("none").score(true);
    assertThat(sorted(scores.stream(table, null)))
        .isEqualTo(sorted(scores.extract(table)).subList(0, 69));
  }

  private static List<String> comparable(Dataset<Row> rows) {
    return rows
        .selectExpr("pos", "base64(cast(cast(features AS string) AS binary)) AS f")
        .orderBy("pos")
        .collectAsList()
        .stream()
        .map(Row::toString)
        .toList();
  }

  /** Positions 0 to 39 are a table, 40 to 99 a stream, those behind a table again. */
  @Test
  void sequencesGoFromTableToStreamAndBack() throws Exception {
    FeatureExtractor request = with(extractor("every-option"), "native");
    List<Row> one = tokens(6, 0, 120);
    List<Row> two = tokens(7, -7, 90);
    Dataset<Row> before;
    try (FeatureExtractor.Result first = request.withFinalStates().run(table(one.subList(0, 40)))) {
      before = stored(first.finalStates(), "before");
    }
    List<Row> all = new ArrayList<>(one.subList(40, 120));
    all.addAll(two);
    ArrivingFiles files = new ArrivingFiles(spark, SCHEMA, folder);
    List<Row> mixed = new ArrayList<>(two.subList(0, 80));
    mixed.addAll(one.subList(71, 100));
    files.add(one.subList(40, 71)).add(mixed);
    Dataset<Row> streamed = files.run(ids -> request.stream(ids, before));

    Dataset<Row> behind = FeatureStream.states(spark, files.checkpoint().toString());
    assertThat(behind.schema().fieldNames()).isEqualTo(before.schema().fieldNames());
    assertThat(
            behind
                .orderBy("seq", "layer")
                .selectExpr("seq", "next_pos", "tokens", "layer")
                .collectAsList())
        .extracting(Row::toString)
        .containsExactly("[s6,100,100,1]", "[s6,100,100,2]", "[s7,73,80,1]", "[s7,73,80,2]");
    List<Row> rest = new ArrayList<>(one.subList(100, 120));
    rest.addAll(two.subList(80, 90));
    Dataset<Row> last = request.initialStates(behind).extract(table(rest));
    assertThat(sorted(streamed.union(last)))
        .isEqualTo(sorted(request.initialStates(before).extract(table(all))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"java", "native"})
  void statesAreThoseOfTheTable(String kernels) throws Exception {
    FeatureExtractor request = with(extractor("every-option"), kernels);
    List<Row> rows = tokens(8, 0, 100);
    ArrivingFiles files = new ArrivingFiles(spark, SCHEMA, folder);
    files.add(rows.subList(0, 33)).add(rows.subList(33, 100));
    files.run(ids -> request.stream(ids.drop("seq", "tag"), null));
    try (FeatureExtractor.Result whole =
        request.withFinalStates().run(table(rows).drop("seq", "tag"))) {
      List<Row> expected = whole.finalStates().orderBy("layer").collectAsList();
      List<Row> states =
          FeatureStream.states(spark, files.checkpoint().toString())
              .orderBy("layer")
              .collectAsList();
      assertThat(states).hasSize(2);
      for (int i = 0; i < 2; i++) {
        for (String column : expected.get(i).schema().fieldNames()) {
          assertThat(states.get(i).<Object>getAs(column))
              .as("%s of layer %d", column, i + 1)
              .isEqualTo(expected.get(i).getAs(column));
        }
      }
    }
  }

  private Dataset<Row> stored(Dataset<Row> states, String name) {
    states.write().parquet(folder.resolve(name).toString());
    return spark.read().parquet(folder.resolve(name).toString());
  }

  @Test
  void rowsWaitForPositionsThatAreMissingAndLateOnesAreNamed() throws Exception {
    FeatureExtractor request = extractor("third-order").score(true).keep("tag");
    StreamOptions options = StreamOptions.defaults().late("error").holdBack(20);
    List<Row> rows = tokens(9, 0, 60);
    ArrivingFiles files = new ArrivingFiles(spark, SCHEMA, folder);
    List<Row> second = new ArrayList<>(rows.subList(20, 25));
    second.add(rows.get(3));
    second.addAll(rows.subList(35, 60));
    files.add(gapped(rows)).add(second);
    Dataset<Row> streamed = files.run(ids -> request.stream(ids, null, options));
    List<Row> expected = sorted(request.extract(table(rows)));
    assertThat(sorted(streamed.where("error IS NULL").drop("error")))
        .isEqualTo(expected.subList(0, 59));
    Row late = streamed.where("error IS NOT NULL").head();
    assertThat(late.<String>getAs("error"))
        .isEqualTo(
            "[HLA_INPUT_LATE] position 3 of sequence \"s9\" comes late or again, expected 20");
    assertThat(late.getLong(1)).isEqualTo(3);
    assertThat(late.isNullAt(2)).isTrue();
    assertThat(late.isNullAt(3)).isTrue();
    assertThat(late.<String>getAs("tag")).isEqualTo("s9@3");
    assertThat(streamed.schema().fieldNames())
        .containsExactly("seq", "pos", "features", "log_probability", "tag", AttentionStream.ERROR);
  }

  private static List<Row> gapped(List<Row> rows) {
    List<Row> first = new ArrayList<>(rows.subList(0, 20));
    first.addAll(rows.subList(25, 35));
    return first;
  }

  @Test
  void refusesWhatNeedsWholeSequencesOrDependsOnMicroBatches() {
    Dataset<Row> table = table(tokens(10, 0, 5));
    FeatureExtractor request = extractor("third-order");
    for (FeatureExtractor other :
        List.of(
            request.pool("mean", 0),
            request.cutEvery(10),
            request.dtype(VectorType.FLOAT).precision(Precision.FLOAT32),
            request.dtype(VectorType.FLOAT).precision(Precision.MIXED))) {
      refused("HLA_OPTION_NOT_APPLICABLE", () -> other.stream(table, null));
    }
    refused("HLA_FEATURES", () -> request.features("layer:3").stream(table, null));
    refused(
        "HLA_OUTPUT_COLUMN",
        () ->
            request.outputColumn("error").stream(
                table, null, StreamOptions.defaults().late("error")));
    refused("HLA_INPUT_ID", request.stream(table.withColumn("id", lit(40)), null)::collect);
    refused("HLA_STATE_REQUIRED", request.requireStates(true).stream(table, null)::collect);
  }

  @Test
  void refusesStatesThatAreNotThoseOfAllLayersOfTheModel() throws Exception {
    List<Row> rows = tokens(11, 0, 60);
    FeatureExtractor request = extractor("third-order");
    Dataset<Row> states;
    try (FeatureExtractor.Result first =
        request.withFinalStates().run(table(rows.subList(0, 40)))) {
      states = stored(first.finalStates(), "states");
    }
    Dataset<Row> rest = table(rows.subList(40, 60));
    assertThat(sorted(request.initialStates(states).stream(rest, null)))
        .isEqualTo(sorted(request.initialStates(states).extract(rest)));
    refused("HLA_STATE_REQUIRED", request.stream(rest, states.where("layer = 1"))::collect);
    refused("HLA_STATE_DUPLICATE", request.stream(rest, states.union(states))::collect);
    refused(
        "HLA_STATE_DAMAGED",
        request.stream(rest, states.withColumn("next_pos", col("next_pos").plus(col("layer"))))
            ::collect);
    refused("HLA_STATE_DAMAGED", request.stream(rest, states.withColumn("layer", lit(0)))::collect);
    refused("HLA_STATE_MODEL", extractor("every-option").stream(rest, states)::collect);
    refused("HLA_STATE_TABLE", () -> request.stream(rest, states.drop("layer")));
    // Layers that are not computed need no states.
    assertThat(sorted(request.features("layer:1").stream(rest, states)))
        .isEqualTo(sorted(request.features("layer:1").initialStates(states).extract(rest)));
  }

  @Test
  void refusesToGoOnFromACheckpointOfAnotherRequest() throws Exception {
    List<Row> rows = tokens(12, 0, 60);
    FeatureExtractor request = extractor("third-order").score(true);
    ArrivingFiles files = new ArrivingFiles(spark, SCHEMA, folder);
    files.add(rows.subList(0, 20));
    files.run(ids -> request.stream(ids, null));
    files.add(rows.subList(20, 60));
    for (Map.Entry<FeatureExtractor, String> other :
        Map.of(
                extractor("every-option").score(true), "HLA_STATE_MODEL",
                request.score(false).features("layer:1"), "HLA_STATE_SETTINGS",
                request.score(false), "HLA_STATE_COLUMNS")
            .entrySet()) {
      refused(other.getValue(), () -> files.run(ids -> other.getKey().stream(ids, null)));
    }
    refused("HLA_STREAM_CHECKPOINT", () -> AttentionStream.states(spark, checkpoint(files)));
    refused("HLA_STREAM_CHECKPOINT", () -> FeatureStream.states(spark, folder.toString()));
    List<Row> streamed = sorted(files.run(ids -> request.stream(ids, null)));
    assertThat(streamed).isEqualTo(sorted(request.extract(table(rows))).subList(0, 59));
  }

  private static String checkpoint(ArrivingFiles files) {
    return files.checkpoint().toString();
  }

  @Test
  void damagedStatesOfLayersAreRefused() {
    LayerStates states = LayerStates.none("fingerprint", 3).with(1, new byte[] {1, 2, 3});
    byte[] bytes = states.toBytes();
    LayerStates read = LayerStates.fromBytes(bytes);
    assertThat(read.model()).isEqualTo("fingerprint");
    assertThat(read.layers()).hasSize(3);
    assertThat(read.layers().get(0)).isNull();
    assertThat(read.layers().get(1)).containsExactly(1, 2, 3);
    assertThat(read.waiting()).isNull();
    assertThat(read.toBytes()).isEqualTo(bytes);
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      refused("HLA_STATE_DAMAGED", () -> LayerStates.fromBytes(cut));
    }
    refused(
        "HLA_STATE_DAMAGED", () -> LayerStates.fromBytes(Arrays.copyOf(bytes, bytes.length + 1)));
    for (byte version : new byte[] {1, 3}) {
      byte[] other = bytes.clone();
      other[4] = version;
      assertThatThrownBy(() -> LayerStates.fromBytes(other))
          .isInstanceOfSatisfying(
              InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_STATE_VERSION"))
          .hasMessage(
              "the states of layers have version %d, this program reads version 2", version);
    }
  }

  private static void refused(String condition, ThrowingCallable work) {
    assertThatThrownBy(work)
        .satisfies(
            e -> {
              InputException refused = Refused.in(e);
              assertThat(refused.condition()).isEqualTo(condition);
            });
  }
}
