package io.hla.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import io.hla.spark.JobLog;
import io.hla.spark.TestSpark;
import io.hla.spark.extract.ExtractionOption;
import io.hla.spark.extract.FeatureExtractor;
import io.hla.spark.model.RandomModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.ServiceLoader.Provider;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MetadataBuilder;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Features as a stage of pipelines: params that come back, and vectors that are extract's. */
class FeatureExtractionTest {
  private static final int TOKENS = 60 + 30;

  /** A value of every option that is not its default. */
  private static final Map<ExtractionOption, Object> OTHERS = new EnumMap<>(ExtractionOption.class);

  static {
    OTHERS.put(ExtractionOption.MODEL, "models/some");
    OTHERS.put(ExtractionOption.ALLOW_EXTRA, true);
    OTHERS.put(ExtractionOption.FEATURES, "attention:1");
    OTHERS.put(ExtractionOption.SCORE, true);
    OTHERS.put(ExtractionOption.POOL, "max");
    OTHERS.put(ExtractionOption.WINDOW, 1L << 40);
    OTHERS.put(ExtractionOption.PRECISION, "mixed");
    OTHERS.put(ExtractionOption.DTYPE, "half");
    OTHERS.put(ExtractionOption.L2, true);
    OTHERS.put(ExtractionOption.SEQUENCE, "document");
    OTHERS.put(ExtractionOption.POSITION, "place");
    OTHERS.put(ExtractionOption.ID, "token");
    OTHERS.put(ExtractionOption.OUTPUT_COLUMN, "vector");
    OTHERS.put(ExtractionOption.BETWEEN_LAYERS, "recompute");
    OTHERS.put(ExtractionOption.REQUIRE_STATE, true);
    OTHERS.put(ExtractionOption.INPUT_ORDER, "sort");
    OTHERS.put(ExtractionOption.CUT_EVERY, 1L << 41);
    OTHERS.put(ExtractionOption.ON_NONFINITE, "propagate");
    OTHERS.put(ExtractionOption.FAN_IN, 2);
    OTHERS.put(ExtractionOption.KERNELS, "java");
    OTHERS.put(ExtractionOption.ISA, "avx2");
  }

  @TempDir static Path folder;

  private static String model;

  private final SparkSession spark = TestSpark.newSession();

  @BeforeAll
  static void writeModelAndIds() throws IOException {
    Path directory = folder.resolve("model");
    model = directory.toString();
    RandomModel.of(
            Map.of(
                "model_type", "hla",
                "vocab_size", 20,
                "hidden_size", 12,
                "num_hidden_layers", 2,
                "num_heads", 2,
                "intermediate_size", 9,
                "operator", "ahla",
                "decay", 0.875,
                "tie_word_embeddings", true))
        .seed(3)
        .write(directory);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < TOKENS; i++) {
      String seq = i < 60 ? "a" : "b";
      rows.add(RowFactory.create(seq, i < 60 ? i : i - 60, i * i % 20, "w" + i));
    }
    StructType schema =
        new StructType()
            .add("seq", DataTypes.StringType, false)
            .add("pos", DataTypes.IntegerType, false)
            .add("id", DataTypes.IntegerType, false)
            .add("word", DataTypes.StringType);
    SparkSession spark = TestSpark.newSession();
    spark
        .createDataFrame(rows, schema)
        .repartitionByRange(3, org.apache.spark.sql.functions.col("word"))
        .write()
        .parquet(folder.resolve("ids").toString());
  }

  private Dataset<Row> ids() {
    return spark.read().parquet(folder.resolve("ids").toString());
  }

  private static FeatureExtraction stage() {
    return new FeatureExtraction().setModel(model);
  }

  // --- Params ---

  @ParameterizedTest
  @EnumSource(value = ExtractionOption.class, mode = Mode.EXCLUDE, names = "KEEP")
  void everyOptionHasAParamASetterAndAGetter(ExtractionOption option) throws Exception {
    FeatureExtraction stage = new FeatureExtraction();
    String name = OptionParams.name(option);
    assertThat(stage.getParam(name)).isEqualTo(stage.param(option));
    assertThat(stage.explainParam(stage.getParam(name))).contains(option.description());
    String suffix = name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    Method setter =
        Arrays.stream(stage.getClass().getMethods())
            .filter(method -> method.getName().equals("set" + suffix))
            .findFirst()
            .orElseThrow();
    assertThat(setter.invoke(stage, OTHERS.get(option))).isSameAs(stage);
    assertThat(stage.isSet(stage.param(option))).isTrue();
    assertThat(stage.paramMap().size()).as("no other param").isEqualTo(1);
    Object value = stage.getClass().getMethod("get" + suffix).invoke(stage);
    assertThat(value).isEqualTo(OTHERS.get(option));
    assertThat(stage.getDefault(stage.param(option))).isNotEqualTo(scala.Option.apply(value));
  }

  @Test
  void defaultsAreThoseOfARequest() {
    FeatureExtraction stage = stage();
    for (Param<?> param : stage.params()) {
      if (stage.hasDefault(param)) {
        stage.set(param.name(), stage.getDefault(param).get());
      }
    }
    assertThat(stage.paramMap().size()).isEqualTo(OTHERS.size() - 1);
    OptionParams<ExtractionOption> options = new OptionParams<>(stage, ExtractionOption.class);
    FeatureExtractor explicit = ExtractionOption.request(options.given(stage));
    assertThat(explicit).usingRecursiveComparison().isEqualTo(FeatureExtractor.of(model));
  }

  @Test
  void everyParamIsSavedLoadedAndCopied() throws Exception {
    FeatureExtraction stage = new FeatureExtraction("all_1").setInitialStates("yesterday");
    OTHERS.forEach((option, value) -> stage.set(stage.param(option), value));
    String path = folder.resolve("everything").toString();
    stage.save(path);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(stage);
    }
    Object copied =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    for (FeatureExtraction other :
        List.of(
            FeatureExtraction.load(path),
            FeatureExtraction.read().load(path),
            stage.copy(new ParamMap()),
            (FeatureExtraction) copied)) {
      assertThat(other).isNotSameAs(stage);
      assertThat(other.uid()).isEqualTo("all_1");
      assertThat(other.params()).hasSize(OTHERS.size() + 1);
      for (Param<?> param : stage.params()) {
        assertThat(other.isSet(param)).as(param.name()).isTrue();
        assertThat((Object) other.getOrDefault(param))
            .as(param.name())
            .isEqualTo(stage.getOrDefault(param));
      }
      assertThat(other.getWindow()).isEqualTo(1L << 40);
    }
    FeatureExtraction changed =
        stage.copy(new ParamMap().put(stage.<Integer>param(ExtractionOption.FAN_IN).w(9)));
    assertThat(changed.getFanIn()).isEqualTo(9);
    assertThat(stage.getFanIn()).isEqualTo(2);
  }

  @Test
  void valuesThatAreWrongByThemselvesAreRefusedWhenTheyAreSet() {
    FeatureExtraction stage = new FeatureExtraction();
    named("HLA_FEATURES", () -> stage.setFeatures("layer:x"));
    named("HLA_POOL", () -> stage.setPool("sum"));
    named("HLA_OPTION_VALUE", () -> stage.setDtype("bf16"));
    named("HLA_OPTION_VALUE", () -> stage.setBetweenLayers("never"));
    named("HLA_OPTION_VALUE", () -> stage.setModel(null));
    assertThatThrownBy(() -> stage.setWindow(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> stage.setFanIn(1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> stage.setCutEvery(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThat(stage.paramMap().size()).isZero();
  }

  private static void named(
      String condition, org.assertj.core.api.ThrowableAssert.ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo(condition));
  }

  @Test
  void sparkFindsTheStageByItsServiceFile() {
    // Spark's own file names a stage that no loader can make.
    List<Class<?>> found = new ArrayList<>();
    Iterator<Provider<Transformer>> providers =
        ServiceLoader.load(Transformer.class).stream().iterator();
    for (boolean more = true; more; ) {
      try {
        more = providers.hasNext();
        if (more) {
          found.add(providers.next().get().getClass());
        }
      } catch (ServiceConfigurationError e) {
        assertThat(e).hasMessageContaining("org.apache.spark.ml.");
      }
    }
    assertThat(found).contains(FeatureExtraction.class, HigherOrderLinearAttention.class);
  }

  // --- Tables ---

  @Test
  void featuresAreThoseOfExtractBehindAllColumns() {
    Dataset<Row> ids =
        ids()
            .selectExpr("word AS `a.word`", "id", "CAST(pos AS SMALLINT) AS Pos", "SEQ")
            .withMetadata("Pos", new MetadataBuilder().putString("unit", "word").build());
    Dataset<Row> features = stage().setScore(true).transform(ids);
    assertThat(features.schema().fieldNames())
        .containsExactly("a.word", "id", "Pos", "SEQ", "features", "log_probability");
    for (int i = 0; i < 4; i++) {
      assertThat(features.schema().fields()[i].dataType())
          .isEqualTo(ids.schema().fields()[i].dataType());
      assertThat(features.schema().fields()[i].metadata())
          .isEqualTo(ids.schema().fields()[i].metadata());
    }
    List<Row> expected =
        FeatureExtractor.of(model).score(true).keep("a.word", "id").extract(ids).collectAsList();
    assertThat(
            features
                .selectExpr(
                    "SEQ AS seq",
                    "CAST(Pos AS BIGINT) AS pos",
                    "features",
                    "log_probability",
                    "`a.word`",
                    "id")
                .collectAsList())
        .hasSize(TOKENS)
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void groupsHaveTheColumnsOfTheirFirstToken() {
    Dataset<Row> pooled = stage().setPool("mean").setWindow(40).transform(ids());
    assertThat(pooled.schema().fieldNames())
        .containsExactly("seq", "pos", "id", "word", "tokens", "features");
    assertThat(
            pooled
                .select("seq", "pos", "id", "word", "tokens")
                .orderBy("seq", "pos")
                .collectAsList())
        .hasToString("[[a,0,0,w0,40], [a,40,0,w40,20], [b,0,0,w60,30]]");
    assertThat(pooled.orderBy("seq", "pos").select("seq", "pos", "features").collectAsList())
        .hasToString(
            FeatureExtractor.of(model)
                .pool("mean", 40)
                .extract(ids())
                .orderBy("seq", "pos")
                .select("seq", "pos", "features")
                .collectAsList()
                .toString());
  }

  @Test
  void scoresWithoutVectors() {
    Dataset<Row> scored =
        stage().setFeatures("none").setScore(true).transform(ids().where("seq = 'a'").drop("seq"));
    assertThat(scored.schema().fieldNames())
        .containsExactly("pos", "id", "word", "log_probability");
    assertThat(scored.where("log_probability < 0").count()).isEqualTo(59);
  }

  @Test
  void statesOfATable() {
    Dataset<Row> later = ids().where("pos >= 20");
    try (FeatureExtractor.Result first =
        FeatureExtractor.of(model).withFinalStates().run(ids().where("pos < 20"))) {
      first.finalStates().createOrReplaceTempView("feature_states");
      Dataset<Row> features =
          stage().setInitialStates("feature_states").setRequireState(true).transform(later);
      assertThat(features.select("seq", "pos", "features").collectAsList())
          .hasSize(TOKENS - 40)
          .usingRecursiveFieldByFieldElementComparator()
          .extracting(Row::toString)
          .containsExactlyInAnyOrderElementsOf(
              FeatureExtractor.of(model)
                  .initialStates(first.finalStates())
                  .extract(later)
                  .collectAsList()
                  .stream()
                  .map(Row::toString)
                  .toList());
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    named("HLA_STATE_MISSING", () -> stage().setInitialStates("nowhere").transform(later));
  }

  @Test
  void stagesOfAPipelineComeBack() throws IOException {
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  stage().setFeatures("layer:1"),
                  stage().setOutputColumn("second"),
                  new HigherOrderLinearAttention()
                      .setOperator("linear")
                      .setQuery("features")
                      .setKey("features")
                      .setValue("second")
                });
    String path = folder.resolve("pipeline").toString();
    pipeline.write().overwrite().save(path);
    PipelineModel fitted;
    // Reading the schema of files is a job.
    Dataset<Row> ids = ids();
    try (JobLog log = JobLog.of(spark)) {
      fitted = pipeline.fit(ids);
      assertThat(log.jobs()).as("jobs of fit").isEmpty();
    }
    fitted.write().overwrite().save(path + "-model");
    List<Row> expected = fitted.transform(ids()).collectAsList();
    assertThat(expected).hasSize(TOKENS);
    assertThat(expected.get(0).schema().fieldNames())
        .containsExactly("seq", "pos", "id", "word", "features", "second", "o");
    for (PipelineModel loaded :
        List.of(Pipeline.load(path).fit(ids()), PipelineModel.load(path + "-model"))) {
      assertThat(loaded.transform(ids()).collectAsList()).isEqualTo(expected);
    }
  }

  @Test
  void transformAndItsSchemaStartNoJob() {
    Dataset<Row> ids = ids();
    try (JobLog log = JobLog.of(spark)) {
      Dataset<Row> features = stage().transform(ids);
      assertThat(stage().transformSchema(ids.schema())).isEqualTo(features.schema());
      assertThat(log.jobs()).isEmpty();
      features.count();
      assertThat(log.jobs()).as("the log sees jobs").isNotEmpty();
    }
  }

  @Test
  void whatDoesNotGoTogetherIsRefusedWithTheSchema() {
    refused("HLA_OPTION_VALUE", new FeatureExtraction(), ids());
    refused("HLA_INPUT_MISSING", stage().setModel(folder.resolve("none").toString()), ids());
    refused("HLA_FEATURES", stage().setFeatures("layer:3"), ids());
    refused("HLA_POOL", stage().setWindow(5), ids());
    refused("HLA_OPTION_NOT_APPLICABLE", stage().setFeatures("none"), ids());
    refused("HLA_INPUT_COLUMN", stage(), ids().drop("id"));
    refused("HLA_INPUT_COLUMN", stage().setSequence("document"), ids());
    refused("HLA_INPUT_TYPE", stage().setId("word"), ids());
    refused("HLA_OUTPUT_COLUMN", stage().setOutputColumn("WORD"), ids());
    refused(
        "HLA_OUTPUT_COLUMN", stage().setPool("last"), ids().withColumnRenamed("word", "tokens"));
    named(
        "HLA_INPUT_STREAMING",
        () ->
            stage()
                .transform(
                    spark.readStream().format("rate").load().selectExpr("value pos", "value id")));
  }

  private static void refused(String condition, FeatureExtraction stage, Dataset<Row> ids) {
    named(condition, () -> stage.transformSchema(ids.schema()));
    named(condition, () -> stage.transform(ids));
  }
}
