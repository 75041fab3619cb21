package io.hla.spark.extract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.Precision;
import io.hla.spark.InputException;
import io.hla.spark.InputOrder;
import io.hla.spark.TestSpark;
import io.hla.spark.model.RandomModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Features and scores against the serial definition, whatever the runs and options. */
class FeatureExtractorTest {
  private static final int VOCABULARY = 40;
  private static final StructType SCHEMA =
      new StructType()
          .add("seq", DataTypes.StringType, false)
          .add("pos", DataTypes.LongType, false)
          .add("id", DataTypes.IntegerType, false)
          .add("tag", DataTypes.StringType, true);

  @TempDir static Path folder;

  private static final Map<String, int[]> DOCUMENTS = new TreeMap<>();

  private final SparkSession spark = TestSpark.newSession();

  /** Models by name. */
  private enum Model {
    PLAIN(Map.of()),
    EVERY_OPTION(
        Map.ofEntries(
            Map.entry("num_kv_heads", 2),
            Map.entry("value_dim", 5),
            Map.entry("decay", List.of(List.of(0.9, 0.99, 1.0, 0.95), List.of(1, 0.8, 0.97, 1))),
            Map.entry("ridge", 0.1),
            Map.entry("normalize", true),
            Map.entry("normalize_epsilon", 0.5),
            Map.entry("feature_map", "elu1"),
            Map.entry("use_output_gate", true),
            Map.entry("use_gk", true),
            Map.entry("tie_word_embeddings", false))),
    THIRD_ORDER(Map.of("operator", "hla3", "use_output_norm", false, "decay", 0.97)),
    SEVERAL_STEPS(Map.of("operator", "hla:4", "decay", 0.9, "normalize", true)),
    LINEAR(Map.of("operator", "linear", "feature_map", "relu", "use_output_gate", true));

    final Map<String, Object> config;

    Model(Map<String, Object> own) {
      config = new HashMap<>();
      config.put("model_type", "hla");
      config.put("vocab_size", VOCABULARY);
      config.put("hidden_size", 24);
      config.put("num_hidden_layers", 2);
      config.put("num_heads", 4);
      config.put("intermediate_size", 37);
      config.put("operator", "hla2");
      config.put("tie_word_embeddings", true);
      config.putAll(own);
    }

    Path path() {
      return folder.resolve(name());
    }
  }

  @BeforeAll
  static void writeModelsAndDocuments() throws IOException {
    for (Model model : Model.values()) {
      RandomModel.write(model.path(), model.config, 7 + model.ordinal(), "F32", 0);
    }
    Random random = new Random(3);
    int[] lengths = {300, 1, 2, 65, 130};
    for (int d = 0; d < lengths.length; d++) {
      DOCUMENTS.put("doc" + d, random.ints(lengths[d], 0, VOCABULARY).toArray());
    }
  }

  @ParameterizedTest
  @EnumSource(Model.class)
  void isTheSerialDefinitionForAnyRuns(Model model) {
    Map<String, SerialDecoder> expected = serial(model);
    for (int pieces : new int[] {1, 2, 7}) {
      List<Row> rows =
          extractor(model).score(true).keep("tag").extract(table(pieces, false)).collectAsList();
      assertThat(rows).hasSize(DOCUMENTS.values().stream().mapToInt(ids -> ids.length).sum());
      for (Row row : rows) {
        int t = (int) row.getLong(1);
        SerialDecoder document = expected.get(row.getString(0));
        close(row.getList(2), document.hidden[t]);
        assertThat(row.<String>getAs("tag")).isEqualTo(row.getString(0) + "@" + t);
        if (t == document.scores.length) {
          assertThat(row.isNullAt(3)).isTrue();
        } else {
          assertThat(row.getDouble(3)).isCloseTo(document.scores[t], within(1e-10));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(BetweenLayers.class)
  void isTheSameWhereverHiddenVectorsComeFrom(BetweenLayers between) {
    FeatureExtractor request = extractor(Model.EVERY_OPTION).score(true);
    List<Row> expected = sorted(request.extract(table(5, true)));
    List<Row> actual = sorted(request.betweenLayers(between).extract(table(5, true)));
    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void interleavedSequencesAndShortRunsGiveTheSerialDefinition() {
    Map<String, SerialDecoder> expected = serial(Model.EVERY_OPTION);
    for (Row row :
        extractor(Model.EVERY_OPTION)
            .score(true)
            .cutEvery(10)
            .inputOrder(InputOrder.STORED)
            .extract(table(3, true))
            .collectAsList()) {
      int t = (int) row.getLong(1);
      SerialDecoder document = expected.get(row.getString(0));
      close(row.getList(2), document.hidden[t]);
      assertThat(row.isNullAt(3)).isEqualTo(t == document.scores.length);
      if (!row.isNullAt(3)) {
        assertThat(row.getDouble(3)).isCloseTo(document.scores[t], within(1e-10));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"layer:0", "layer:1", "layer:2", "attention:1", "attention:2"})
  void givesTheVectorsOfALayer(String features) {
    Map<String, SerialDecoder> expected = serial(Model.EVERY_OPTION);
    Features parsed = Features.of(features);
    for (Row row :
        extractor(Model.EVERY_OPTION).features(features).extract(table(3, false)).collectAsList()) {
      SerialDecoder document = expected.get(row.getString(0));
      double[][] vectors =
          parsed.kind() == Features.Kind.LAYER
              ? document.layers.get(parsed.layer())
              : document.attention.get(parsed.layer() - 1);
      close(row.getList(2), vectors[(int) row.getLong(1)]);
    }
  }

  /** Norms of integers 1 and -1 are what they are, so that sums of integers stay exact. */
  @Test
  void integersAgreeToTheBit() throws IOException {
    Map<String, Object> config = new HashMap<>(Model.PLAIN.config);
    config.putAll(Map.of("norm_eps", 0, "use_output_norm", false, "scale", 1, "num_kv_heads", 2));
    Path model = folder.resolve("integers");
    RandomModel.write(model, config, 5, "F16", 2, true);
    for (String features : List.of("attention:1", "layer:0")) {
      FeatureExtractor request =
          FeatureExtractor.of(model.toString())
              .dtype(VectorType.DOUBLE)
              .features(features)
              .cutEvery(23);
      for (Row row : request.extract(table(3, false)).collectAsList()) {
        SerialDecoder document = new SerialDecoder(model, DOCUMENTS.get(row.getString(0)));
        int t = (int) row.getLong(1);
        double[] expected =
            features.equals("layer:0") ? document.layers.get(0)[t] : document.attention.get(0)[t];
        assertThat(row.<Double>getList(2)).isEqualTo(Arrays.stream(expected).boxed().toList());
      }
    }
  }

  /** Sums of up to some hundred thousand rounded numbers, as the arithmetic allows. */
  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"MIXED", "FLOAT32"})
  void narrowerArithmeticIsCloseToTheDefinition(Precision precision) {
    Map<String, SerialDecoder> expected = serial(Model.PLAIN);
    for (Row row :
        FeatureExtractor.of(Model.PLAIN.path().toString())
            .precision(precision)
            .score(true)
            .extract(table(2, false))
            .collectAsList()) {
      SerialDecoder document = expected.get(row.getString(0));
      int t = (int) row.getLong(1);
      List<Float> features = row.getList(2);
      for (int i = 0; i < features.size(); i++) {
        assertThat((double) features.get(i)).isCloseTo(document.hidden[t][i], within(1e-4));
      }
      if (!row.isNullAt(3)) {
        assertThat(row.getDouble(3)).isCloseTo(document.scores[t], within(1e-4));
      }
    }
  }

  @Test
  void writesVectorsInTheTypeThatIsAskedForAndOfLengthOne() {
    Map<String, SerialDecoder> expected = serial(Model.PLAIN);
    FeatureExtractor request = extractor(Model.PLAIN).l2(true);
    for (Row row : request.extract(table(2, false)).collectAsList()) {
      double[] hidden = expected.get(row.getString(0)).hidden[(int) row.getLong(1)];
      double norm = Math.sqrt(Arrays.stream(hidden).map(number -> number * number).sum());
      close(row.getList(2), Arrays.stream(hidden).map(number -> number / norm).toArray());
    }
    for (Row row :
        request.l2(false).dtype(VectorType.HALF).extract(table(2, false)).collectAsList()) {
      double[] hidden = expected.get(row.getString(0)).hidden[(int) row.getLong(1)];
      ByteBuffer halves = ByteBuffer.wrap((byte[]) row.get(2)).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(halves.remaining()).isEqualTo(2 * hidden.length);
      for (double number : hidden) {
        // 11 significant bits.
        assertThat(HalfTest.number(halves.getShort()))
            .isCloseTo(number, within(Math.max(0x1p-25, Math.abs(number) * 0x1p-11)));
      }
    }
  }

  @Test
  void poolsWholeSequencesAndWindows() {
    Map<String, SerialDecoder> expected = serial(Model.PLAIN);
    for (long window : new long[] {0, 16}) {
      for (String kind : List.of("mean", "last", "max")) {
        List<Row> rows =
            extractor(Model.PLAIN)
                .pool(kind, window)
                .score(true)
                .keep("tag")
                .extract(table(4, false))
                .collectAsList();
        int groups = 0;
        for (int[] ids : DOCUMENTS.values()) {
          groups += window == 0 ? 1 : (ids.length + 15) / 16;
        }
        assertThat(rows).hasSize(groups);
        for (Row row : rows) {
          SerialDecoder document = expected.get(row.getString(0));
          int first = (int) row.getLong(1);
          int tokens = (int) row.getLong(2);
          assertThat(tokens)
              .isEqualTo(
                  window == 0
                      ? document.hidden.length
                      : Math.min(16, document.hidden.length - first));
          close(row.getList(3), pooled(document.hidden, first, tokens, kind));
          double sum = 0;
          int scored = Math.min(tokens, document.scores.length - first);
          for (int t = first; t < first + scored; t++) {
            sum += document.scores[t];
          }
          assertThat(row.isNullAt(4)).isEqualTo(scored == 0);
          if (scored > 0) {
            assertThat(row.getDouble(4)).isCloseTo(sum / scored, within(1e-10));
          }
          assertThat(row.<String>getAs("tag")).isEqualTo(row.getString(0) + "@" + first);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Model.class)
  void goesOnFromTheStatesOfAllLayers(Model model) throws Exception {
    List<Row> whole = sorted(extractor(model).extract(table(1, false)));
    Dataset<Row> table = table(1, false);
    try (FeatureExtractor.Result first =
        extractor(model).withFinalStates().run(table.where("pos < 64"))) {
      Dataset<Row> states = first.finalStates();
      List<Row> parts = new ArrayList<>(first.features().collectAsList());
      parts.addAll(
          extractor(model).initialStates(states).extract(table.where("pos >= 64")).collectAsList());
      assertThat(parts).hasSize(whole.size());
      Map<String, SerialDecoder> expected = serial(model);
      parts.forEach(
          row ->
              close(row.getList(2), expected.get(row.getString(0)).hidden[(int) row.getLong(1)]));
    }
  }

  @Test
  void anEmptyTableGivesAnEmptyTable() throws Exception {
    Dataset<Row> none = table(1, false).where("id < 0");
    assertThat(extractor(Model.EVERY_OPTION).score(true).extract(none).collectAsList()).isEmpty();
    assertThat(extractor(Model.PLAIN).pool("mean", 0).extract(none).collectAsList()).isEmpty();
    try (FeatureExtractor.Result result = extractor(Model.PLAIN).withFinalStates().run(none)) {
      assertThat(result.finalStates().collectAsList()).isEmpty();
    }
  }

  /** Behind a shuffle rows may stand in another order each time they are read. */
  @Test
  void tokensInAnyOrderAreSortedOnce() {
    Map<String, SerialDecoder> expected = serial(Model.PLAIN);
    List<Row> rows =
        extractor(Model.PLAIN).score(true).extract(table(4, false).repartition(5)).collectAsList();
    assertThat(rows).hasSize(DOCUMENTS.values().stream().mapToInt(ids -> ids.length).sum());
    for (Row row : rows) {
      SerialDecoder document = expected.get(row.getString(0));
      close(row.getList(2), document.hidden[(int) row.getLong(1)]);
    }
  }

  @Test
  void refusesStatesOfAnotherModel() throws Exception {
    Dataset<Row> table = table(1, false);
    try (FeatureExtractor.Result first =
        extractor(Model.PLAIN).withFinalStates().run(table.where("pos < 64"))) {
      Dataset<Row> next =
          extractor(Model.THIRD_ORDER)
              .initialStates(first.finalStates())
              .extract(table.where("pos >= 64"));
      refused("HLA_STATE_MODEL", next::collectAsList);
    }
  }

  @Test
  void refusesStatesThatLackALayer() throws Exception {
    Dataset<Row> table = table(1, false);
    try (FeatureExtractor.Result first =
        extractor(Model.PLAIN).withFinalStates().run(table.where("pos < 64"))) {
      Dataset<Row> next =
          extractor(Model.PLAIN)
              .initialStates(first.finalStates().where("layer = 1 OR seq <> 'doc0'"))
              .extract(table.where("pos >= 64"));
      refused("HLA_STATE_REQUIRED", next::collectAsList);
    }
  }

  @Test
  void refusesIdsThatTheModelLacks() {
    for (Object id : new Object[] {VOCABULARY, -1}) {
      Dataset<Row> table =
          spark.createDataFrame(List.of(RowFactory.create("a", 0L, id, null)), SCHEMA);
      refused("HLA_INPUT_ID", extractor(Model.PLAIN).extract(table)::collectAsList);
    }
  }

  /** Where rows are read as they lie, where they are sorted first, and without an index. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void refusesNulls(int column) {
    StructType nullable = SCHEMA.asNullable();
    Object[] values = {"a", 1L, 2, null};
    values[column] = null;
    Dataset<Row> table =
        spark.createDataFrame(
            List.of(RowFactory.create("a", 0L, 1, null), RowFactory.create(values)), nullable);
    for (Dataset<Row> rows : List.of(table, table.repartition(2))) {
      for (String features : List.of("hidden", "layer:0")) {
        refused(
            "HLA_INPUT_NULL",
            extractor(Model.PLAIN).features(features).extract(rows)::collectAsList);
      }
    }
  }

  @Test
  void refusesWhatDoesNotGoTogether() {
    Dataset<Row> table = table(1, false);
    refused("HLA_FEATURES", () -> extractor(Model.PLAIN).features("layer:3").extract(table));
    refused("HLA_FEATURES", () -> extractor(Model.PLAIN).features("attention:0"));
    refused("HLA_FEATURES", () -> extractor(Model.PLAIN).features("cls"));
    refused("HLA_POOL", () -> extractor(Model.PLAIN).pool("sum", 0));
    refused("HLA_POOL", () -> extractor(Model.PLAIN).pool("none", 5));
    refused(
        "HLA_OPTION_NOT_APPLICABLE",
        () -> extractor(Model.PLAIN).features("layer:1").score(true).extract(table));
    refused(
        "HLA_OPTION_NOT_APPLICABLE", () -> extractor(Model.PLAIN).features("none").extract(table));
    refused(
        "HLA_OPTION_NOT_APPLICABLE",
        () -> extractor(Model.PLAIN).precision(Precision.FLOAT32).extract(table));
    refused("HLA_OUTPUT_COLUMN", () -> extractor(Model.PLAIN).outputColumn("pos").extract(table));
    refused("HLA_INPUT_COLUMN", () -> extractor(Model.PLAIN).keep("nothing").extract(table));
  }

  @Test
  void nothingIsComputedBeforeAnAction() {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    context.setJobGroup("lazy", "features", false);
    Dataset<Row> features = extractor(Model.PLAIN).extract(table(3, false)).select("features");
    assertThat(features.schema().fieldNames()).containsExactly("features");
    assertThat(context.statusTracker().getJobIdsForGroup("lazy")).isEmpty();
    features.count();
    assertThat(context.statusTracker().getJobIdsForGroup("lazy")).isNotEmpty();
    context.clearJobGroup();
  }

  private static double[] pooled(double[][] rows, int first, int tokens, String kind) {
    double[] vector = rows[kind.equals("last") ? first + tokens - 1 : first].clone();
    for (int t = first + 1; t < first + tokens && !kind.equals("last"); t++) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] = kind.equals("max") ? Math.max(vector[i], rows[t][i]) : vector[i] + rows[t][i];
      }
    }
    for (int i = 0; kind.equals("mean") && i < vector.length; i++) {
      vector[i] /= tokens;
    }
    return vector;
  }

  private static void refused(
      String condition, org.assertj.core.api.ThrowableAssert.ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo(condition));
  }

  private static FeatureExtractor extractor(Model model) {
    return FeatureExtractor.of(model.path().toString()).dtype(VectorType.DOUBLE);
  }

  private static Map<String, SerialDecoder> serial(Model model) {
    Map<String, SerialDecoder> all = new HashMap<>();
    DOCUMENTS.forEach((name, ids) -> all.put(name, new SerialDecoder(model.path(), ids)));
    return all;
  }

  /** Documents in partitions, one behind the other or token by token in turns. */
  private Dataset<Row> table(int partitions, boolean interleaved) {
    List<Row> rows = new ArrayList<>();
    DOCUMENTS.forEach(
        (name, ids) -> {
          for (int t = 0; t < ids.length; t++) {
            rows.add(RowFactory.create(name, (long) t, ids[t], name + "@" + t));
          }
        });
    if (interleaved) {
      rows.sort((a, b) -> Long.compare(a.getLong(1), b.getLong(1)));
    }
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    return spark.createDataFrame(context.parallelize(rows, partitions), SCHEMA);
  }

  private static List<Row> sorted(Dataset<Row> rows) {
    return rows.orderBy("seq", "pos").collectAsList();
  }

  private static void close(List<Double> actual, double[] expected) {
    assertThat(actual).hasSameSizeAs(expected);
    double largest = 0;
    for (double number : expected) {
      largest = Math.max(largest, Math.abs(number));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual.get(i)).isCloseTo(expected[i], within(1e-10 * largest));
    }
  }

  private static org.assertj.core.data.Offset<Double> within(double distance) {
    return org.assertj.core.api.Assertions.within(distance);
  }
}
