package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.Precision;
import io.hla.spark.extract.ExtractionOption;
import io.hla.spark.extract.FeatureExtractor;
import io.hla.spark.model.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.SparkThrowable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Features of decoders and their states in SQL: the rows of {@link FeatureExtractor}, bit by bit.
 */
class FeatureFunctionsTest {
  private static final int VOCABULARY = 30;
  private static final int TOKENS = 70 + 25;

  @TempDir static Path folder;

  private static SparkSession spark;
  private static String model;
  private static List<String> expected;

  @BeforeAll
  static void open() throws IOException {
    TestSpark.stop();
    spark =
        TestSpark.configured(
            SparkSession.builder()
                .master("local[2]")
                .appName("tests")
                .config("spark.ui.enabled", false)
                .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
                .getOrCreate());
    model = folder.resolve("model").toString();
    Map<String, Object> config = config();
    RandomModel.write(Path.of(model), config, 11, "F32", 0);
    config.put("decay", 0.9999999);
    config.put("unknown_key", 1);
    RandomModel.of(config).seed(12).write(folder.resolve("other"));
    Random random = new Random(5);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < TOKENS; i++) {
      boolean first = i < 70;
      rows.add(
          RowFactory.create(
              first ? "a" : "b", first ? i - 7L : i - 70L, random.nextInt(VOCABULARY), "w" + i));
    }
    StructType schema =
        new StructType()
            .add("seq", DataTypes.StringType, false)
            .add("pos", DataTypes.LongType, false)
            .add("id", DataTypes.IntegerType, false)
            .add("word", DataTypes.StringType);
    String path = folder.resolve("ids").toString();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    spark.createDataFrame(context.parallelize(rows, 5), schema).write().parquet(path);
    spark.read().parquet(path).createOrReplaceTempView("ids");
    spark.sql("CREATE TABLE stored_ids USING parquet LOCATION '" + path + "'");
    expected = texts(FeatureExtractor.of(model).score(true).extract(spark.table("ids")));
    assertThat(expected).hasSize(TOKENS);
  }

  private static Map<String, Object> config() {
    Map<String, Object> config = new HashMap<>();
    config.put("model_type", "hla");
    config.put("vocab_size", VOCABULARY);
    config.put("hidden_size", 16);
    config.put("num_hidden_layers", 2);
    config.put("num_heads", 2);
    config.put("intermediate_size", 20);
    config.put("operator", "hla2");
    config.put("decay", 0.9375);
    config.put("normalize", true);
    config.put("normalize_epsilon", 0.5);
    config.put("tie_word_embeddings", true);
    return config;
  }

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  private static String call(String table, String options) {
    return String.format("hla_features(%s, model => '%s'%s)", table, model, options);
  }

  private static Dataset<Row> features(String table, String options) {
    return spark.sql("SELECT * FROM " + call(table, options));
  }

  /** Numbers as texts, which differ if their bits do. */
  private static List<String> texts(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(Row::toString).sorted().toList();
  }

  private static void same(String query) {
    assertThat(texts(spark.sql(query))).as(query).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TABLE(ids)",
        "ids => TABLE(ids)",
        "TABLE(ids) PARTITION BY seq ORDER BY pos",
        "TABLE(ids) PARTITION BY ids.SEQ ORDER BY pos ASC",
        "TABLE(SELECT id, pos AS at, seq AS doc FROM ids) PARTITION BY doc ORDER BY at",
        "TABLE(SELECT id, pos, seq FROM ids WHERE pos < 1000)",
        "TABLE(WITH c AS (SELECT * FROM ids) SELECT * FROM c)",
        "TABLE(stored_ids)"
      })
  void tablesOfAllKinds(String table) {
    assertThat(texts(features(table, ", score => true"))).isEqualTo(expected);
  }

  @Test
  void featuresWhereverAQueryHasATable() {
    String call = call("TABLE(ids)", ", score => true");
    spark.sql("CREATE OR REPLACE TEMP VIEW featured AS SELECT * FROM " + call);
    same("SELECT * FROM featured");
    String ofC = call("TABLE(c)", ", score => true");
    same("WITH c AS (SELECT * FROM ids) SELECT * FROM " + ofC);
    same(
        "WITH c AS (SELECT seq, pos, id FROM ids) SELECT f.* FROM "
            + ofC
            + " f JOIN c ON f.seq = c.seq AND f.pos = c.pos");
    spark.sql("CREATE TABLE written AS SELECT * FROM " + call);
    same("SELECT * FROM written");
    spark.sql(
        "CREATE VIEW lasting AS SELECT * FROM " + call("TABLE(stored_ids)", ", score => true"));
    same("SELECT * FROM lasting");
    assertThat(spark.sql("EXPLAIN SELECT * FROM featured").head().getString(0))
        .contains("hidden of 2 layers");
  }

  @Test
  void nothingRunsBeforeTheRowsAreAskedFor() {
    try (JobLog log = JobLog.of(spark)) {
      Dataset<Row> features = features("TABLE(ids)", "");
      features.explain(true);
      features.createOrReplaceTempView("lazy");
      spark.sql("DESCRIBE QUERY SELECT * FROM lazy").collectAsList();
      spark.sql("SELECT * FROM hla_feature_states(TABLE(ids), model => '" + model + "')").schema();
      assertThat(log.jobs()).isEmpty();
      features.count();
      assertThat(log.jobs()).isNotEmpty();
    }
  }

  /** A value for every option, as SQL writes it and as {@link ExtractionOption#set} takes it. */
  private static Map.Entry<String, Object> value(ExtractionOption option) {
    return switch (option) {
      case MODEL -> Map.entry("'" + folder.resolve("other") + "'", folder + "/other");
      case ALLOW_EXTRA, SCORE, L2 -> Map.entry("1 = 1", true);
      case FEATURES -> Map.entry("'Attention:2'", "attention:2");
      case POOL -> Map.entry("'Mean'", "mean");
      case WINDOW -> Map.entry("2 * 8", 16L);
      case PRECISION -> Map.entry("'mixed'", "mixed");
      case DTYPE -> Map.entry("'HALF'", "half");
      case SEQUENCE -> Map.entry("'SEQ'", "SEQ");
      case POSITION -> Map.entry("'POS'", "POS");
      case ID -> Map.entry("'other'", "other");
      case KEEP -> Map.entry("array('word', 'id')", new String[] {"word", "id"});
      case OUTPUT_COLUMN -> Map.entry("'h'", "h");
      case BETWEEN_LAYERS -> Map.entry("'recompute'", "recompute");
      case REQUIRE_STATE -> Map.entry("false", false);
      case INPUT_ORDER -> Map.entry("'sort'", "sort");
      case CUT_EVERY -> Map.entry("16", 16L);
      case ON_NONFINITE -> Map.entry("'propagate'", "propagate");
      case FAN_IN -> Map.entry("3", 3);
      case KERNELS -> Map.entry("'java'", "java");
      case ISA -> Map.entry("'baseline'", "baseline");
    };
  }

  @ParameterizedTest
  @EnumSource(ExtractionOption.class)
  void everyOptionHasItsName(ExtractionOption option) {
    String table = "SELECT *, 29 - id AS other FROM ids";
    Map<ExtractionOption, Object> values = new HashMap<>();
    values.put(ExtractionOption.MODEL, model);
    values.put(option, value(option).getValue());
    String written = option.key() + " => " + value(option).getKey();
    switch (option) {
      case MODEL -> {
        values.put(ExtractionOption.ALLOW_EXTRA, true);
        written += ", allow_extra => true";
      }
      case WINDOW -> {
        values.put(ExtractionOption.POOL, "max");
        written += ", pool => 'max'";
      }
      default -> {}
    }
    if (option != ExtractionOption.MODEL) {
      written += ", model => '" + model + "'";
    }
    Dataset<Row> sql =
        spark.sql(String.format("SELECT * FROM hla_features(TABLE(%s), %s)", table, written));
    Dataset<Row> java = ExtractionOption.request(values).extract(spark.sql(table));
    assertThat(sql.schema()).isEqualTo(java.schema());
    boolean pooled = option == ExtractionOption.POOL || option == ExtractionOption.WINDOW;
    List<String> rows = bytesAsTexts(sql);
    assertThat(rows).isEqualTo(bytesAsTexts(java));
    assertThat(rows).hasSize(pooled ? (option == ExtractionOption.POOL ? 2 : 7) : TOKENS);
  }

  private static List<String> bytesAsTexts(Dataset<Row> rows) {
    for (var field : rows.schema().fields()) {
      if (field.dataType().equals(DataTypes.BinaryType)) {
        rows = rows.selectExpr("seq", "pos", "hex(" + field.name() + ")");
      }
    }
    return texts(rows);
  }

  /** What an option changes, so that one that is lost on the way is noticed. */
  @Test
  void optionsAreNotLost() {
    FeatureExtractor request = ExtractionOption.request(Map.of(ExtractionOption.MODEL, model));
    for (ExtractionOption option :
        List.of(
            ExtractionOption.FEATURES,
            ExtractionOption.SCORE,
            ExtractionOption.POOL,
            ExtractionOption.PRECISION,
            ExtractionOption.DTYPE,
            ExtractionOption.L2,
            ExtractionOption.ID,
            ExtractionOption.KEEP)) {
      String plain = "TABLE(SELECT *, 29 - id AS other FROM ids)";
      Dataset<Row> with = features(plain, ", " + option.key() + " => " + value(option).getKey());
      assertThat(bytesAsTexts(with)).as(option.key()).isNotEqualTo(texts(features(plain, "")));
    }
    assertThat(request.pooling().isNone()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "TABLE(ids), model => 'M', socre => true | UNRECOGNIZED_PARAMETER_NAME",
        "TABLE(ids), score => true | REQUIRED_PARAMETER_NOT_FOUND",
        "TABLE(ids), model => NULL | HLA_OPTION_VALUE",
        "TABLE(ids), model => 7 | HLA_OPTION_TYPE",
        "model => 'M' | REQUIRED_PARAMETER_NOT_FOUND",
        "TABLE(nowhere), model => 'M' | TABLE_OR_VIEW_NOT_FOUND",
        "TABLE(ids), model => 'M/none' | HLA_INPUT_MISSING",
        "TABLE(ids), model => 'M/../other' | HLA_MODEL_CONFIG",
        "TABLE(ids), model => 'M', features => 'layer:3' | HLA_FEATURES",
        "TABLE(ids), model => 'M', features => 'cls' | HLA_FEATURES",
        "TABLE(ids), model => 'M', pool => 'sum' | HLA_POOL",
        "TABLE(ids), model => 'M', window => 5 | HLA_POOL",
        "TABLE(ids), model => 'M', window => 2.5 | HLA_OPTION_TYPE",
        "TABLE(ids), model => 'M', dtype => 'bf16' | HLA_OPTION_VALUE",
        "TABLE(ids), model => 'M', dtype => 'double', precision => 'mixed' |"
            + " HLA_OPTION_NOT_APPLICABLE",
        "TABLE(ids), model => 'M', features => 'none' | HLA_OPTION_NOT_APPLICABLE",
        "TABLE(ids), model => 'M/../other', allow_extra => true, precision => 'float32' |"
            + " HLA_MODEL_CONFIG",
        "TABLE(ids) PARTITION BY seq, model => 'M', sequence => 'seq' | HLA_OPTION_CONFLICT",
        "TABLE(ids) PARTITION BY seq ORDER BY pos, model => 'M', position => 'pos' |"
            + " HLA_OPTION_CONFLICT",
        "TABLE(ids) PARTITION BY seq ORDER BY pos DESC, model => 'M' | HLA_TABLE_CLAUSE",
        "TABLE(ids) PARTITION BY (seq, pos), model => 'M' | HLA_TABLE_CLAUSE",
        "TABLE(ids) PARTITION BY sequence, model => 'M' | HLA_INPUT_COLUMN",
        "TABLE(ids), model => 'M', id => 'token' | HLA_INPUT_COLUMN",
        "TABLE(ids), model => 'M', id => 'word' | HLA_INPUT_TYPE",
        "TABLE(ids), model => 'M', output_column => 'POS' | HLA_OUTPUT_COLUMN",
        "TABLE(ids), model => 'M', initial_state => TABLE(ids) | HLA_STATE_TABLE",
        "TABLE(ids), model => 'M', initial_state => 'states' | HLA_OPTION_TYPE"
      })
  void whatIsWrongIsSaidBeforeAnythingRuns(String arguments, String condition) {
    try (JobLog log = JobLog.of(spark)) {
      String query = "SELECT * FROM hla_features(" + arguments.replace("M", model) + ")";
      assertThatThrownBy(() -> spark.sql(query.replace(model + "/none", "nowhere")))
          .isInstanceOfSatisfying(
              SparkThrowable.class,
              refused -> assertThat(refused.getCondition()).isEqualTo(condition));
      assertThat(log.jobs()).isEmpty();
    }
  }

  @Test
  void errorsOfRowsKeepTheirNames() {
    Dataset<Row> unknown = features("TABLE(SELECT seq, pos, id + 3 AS id FROM ids)", "");
    refused("HLA_INPUT_ID", unknown);
    refused("HLA_INPUT_GAP", features("TABLE(SELECT * FROM ids WHERE pos <> 4)", ""));
  }

  private static void refused(String condition, Dataset<Row> rows) {
    assertThatThrownBy(rows::collectAsList)
        .isInstanceOfSatisfying(
            InputException.class,
            refused -> assertThat(refused.getCondition()).isEqualTo(condition));
  }

  @Test
  void aTableOfOneSequence() {
    Dataset<Row> one =
        features("TABLE(SELECT * FROM ids WHERE seq = 'a') WITH SINGLE PARTITION ORDER BY pos", "");
    assertThat(one.schema().fieldNames()).containsExactly("pos", "features");
    assertThat(texts(one))
        .hasSize(70)
        .isEqualTo(texts(features("TABLE(ids)", "").where("seq = 'a'").select("pos", "features")));
  }

  /** The second half goes on from the states of both layers behind the first. */
  @Test
  void statesGoOnInSql() {
    spark.sql(
        "CREATE TABLE states AS SELECT * FROM hla_feature_states("
            + "TABLE(SELECT * FROM ids WHERE pos < 9), model => '"
            + model
            + "')");
    assertThat(spark.table("states").schema().fieldNames())
        .containsExactly("seq", "next_pos", "tokens", "settings", "state", "layer", "model");
    assertThat(
            spark
                .sql("SELECT seq, next_pos, tokens, layer FROM states ORDER BY seq, layer")
                .collectAsList())
        .hasToString("[[a,9,16,1], [a,9,16,2], [b,9,9,1], [b,9,9,2]]");
    String later = "TABLE(SELECT * FROM ids WHERE pos >= 9)";
    Dataset<Row> sql = features(later, ", initial_state => TABLE(states), require_state => true");
    FeatureExtractor request = FeatureExtractor.of(model).initialStates(spark.table("states"));
    List<String> rows = texts(sql);
    assertThat(rows).isEqualTo(texts(request.extract(spark.table("ids").where("pos >= 9"))));
    assertThat(rows).hasSize(TOKENS - 25).isNotEqualTo(texts(features(later, "")));
    refused("HLA_STATE_REQUIRED", features(later, ", require_state => true"));
    assertThatThrownBy(
            () ->
                spark.sql(
                    "SELECT * FROM hla_feature_states(TABLE(ids), features => 'layer:1', model => '"
                        + model
                        + "')"))
        .hasMessageContaining("final states are those of all layers");
  }

  @Test
  void decaysThatAPrecisionTakesForOthersAreRefusedAtOnce() {
    FeatureExtractor request =
        FeatureExtractor.of(folder.resolve("other").toString())
            .allowExtra(true)
            .precision(Precision.FLOAT32);
    assertThatThrownBy(() -> request.extract(spark.table("ids")))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_MODEL_CONFIG"));
  }

  @Test
  void theFunctionsDescribeThemselves() {
    for (String name : List.of("hla_features", "hla_feature_states")) {
      String described = texts(spark.sql("DESCRIBE FUNCTION EXTENDED " + name)).toString();
      for (ExtractionOption option : ExtractionOption.values()) {
        assertThat(described)
            .contains("* " + option.key() + " " + option.type().simpleString() + " - ")
            .contains(option.description());
      }
    }
  }
}
