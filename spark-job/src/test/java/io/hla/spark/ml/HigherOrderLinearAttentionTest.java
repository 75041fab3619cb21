package io.hla.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.SettingsException;
import io.hla.spark.Attention;
import io.hla.spark.AttentionOption;
import io.hla.spark.InputException;
import io.hla.spark.JobLog;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.ServiceLoader.Provider;
import java.util.stream.Stream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.MetadataBuilder;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Attention as a stage of pipelines: params that come back, and outputs that are attend's. */
class HigherOrderLinearAttentionTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(4, 3).heads(2, 1).decay(0.95).build();
  private static final long SEED = 5;

  /** A value of every option that is not its default. */
  private static final Map<AttentionOption, Object> OTHERS = new EnumMap<>(AttentionOption.class);

  static {
    OTHERS.put(AttentionOption.OPERATOR, "ahla3");
    OTHERS.put(AttentionOption.PROGRAM, "o = LA(q, k, v)");
    OTHERS.put(AttentionOption.MASK, "none");
    OTHERS.put(AttentionOption.FORM, "published");
    OTHERS.put(AttentionOption.NUM_HEADS, 6);
    OTHERS.put(AttentionOption.NUM_KV_HEADS, 3);
    OTHERS.put(AttentionOption.HEAD_DIM, 5);
    OTHERS.put(AttentionOption.VALUE_DIM, 7);
    OTHERS.put(AttentionOption.DECAY, new double[] {0.5, 0.25, 1});
    OTHERS.put(AttentionOption.RIDGE, 0.5);
    OTHERS.put(AttentionOption.NORMALIZE, true);
    OTHERS.put(AttentionOption.EPSILON, 0.125);
    OTHERS.put(AttentionOption.SCALE, -0.5);
    OTHERS.put(AttentionOption.FEATURE_MAP, "elu1");
    OTHERS.put(AttentionOption.PRECISION, "mixed");
    OTHERS.put(AttentionOption.OUTPUT_TYPE, "double");
    OTHERS.put(AttentionOption.SEQUENCE, "document");
    OTHERS.put(AttentionOption.POSITION, "place");
    OTHERS.put(AttentionOption.QUERY, "query");
    OTHERS.put(AttentionOption.KEY, "key");
    OTHERS.put(AttentionOption.VALUE, "value");
    OTHERS.put(AttentionOption.GATE, "gate");
    OTHERS.put(AttentionOption.GATE_SCALE, "log");
    OTHERS.put(AttentionOption.OUTPUT_COLUMN, "attended");
    OTHERS.put(AttentionOption.REQUIRE_STATE, true);
    OTHERS.put(AttentionOption.INPUT_ORDER, "sort");
    OTHERS.put(AttentionOption.CUT_EVERY, 1L << 40);
    OTHERS.put(AttentionOption.ON_NONFINITE, "propagate");
    OTHERS.put(AttentionOption.FAN_IN, 2);
    OTHERS.put(AttentionOption.KERNELS, "java");
    OTHERS.put(AttentionOption.ISA, "avx2");
  }

  @TempDir static Path folder;

  private final SparkSession spark = TestSpark.newSession();

  @BeforeAll
  static void writeTokens() {
    TokenStream stream = TokenStream.normal(SETTINGS, 60, SEED);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(stream.rows("a", -7), 3));
    pieces.addAll(TokenFiles.split(stream.slice(10, 40).rows("b", 3), 2));
    TokenFiles.write(
        TestSpark.newSession(),
        TokenStream.SCHEMA,
        TokenFiles.shuffled(pieces, SEED),
        folder.resolve("tokens"));
  }

  private Dataset<Row> tokens() {
    return spark.read().schema(TokenStream.SCHEMA).parquet(folder.resolve("tokens").toString());
  }

  private static HigherOrderLinearAttention stage() {
    return new HigherOrderLinearAttention().setNumHeads(2).setNumKvHeads(1).setDecay(0.95);
  }

  private static Attention request() {
    return Attention.hla2().numHeads(2).numKvHeads(1).decay(0.95);
  }

  private static HigherOrderLinearAttention withEverything() {
    HigherOrderLinearAttention stage = new HigherOrderLinearAttention("all_1");
    OTHERS.forEach((option, value) -> stage.set(stage.param(option), value));
    return stage.setInitialStates("yesterday");
  }

  // --- Params ---

  @ParameterizedTest
  @EnumSource(value = AttentionOption.class, mode = Mode.EXCLUDE, names = "KEEP")
  void everyOptionHasAParamASetterAndAGetter(AttentionOption option) throws Exception {
    HigherOrderLinearAttention stage = new HigherOrderLinearAttention();
    String name = OptionParams.name(option);
    assertThat(stage.getParam(name)).isEqualTo(stage.param(option));
    assertThat(stage.explainParam(stage.getParam(name))).contains(option.description());
    String suffix = name.substring(0, 1).toUpperCase() + name.substring(1);
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
    HigherOrderLinearAttention stage = new HigherOrderLinearAttention();
    Attention bare = AttentionOption.request(Map.of());
    for (Param<?> param : stage.params()) {
      if (stage.hasDefault(param)) {
        stage.set(param.name(), stage.getDefault(param).get());
      }
    }
    assertThat(stage.paramMap().size()).isGreaterThan(20);
    OptionParams<AttentionOption> options = new OptionParams<>(stage, AttentionOption.class);
    Attention explicit = AttentionOption.request(options.given(stage));
    assertThat(explicit.settings(4, 4)).isEqualTo(bare.settings(4, 4));
    assertThat(explicit.columns()).isEqualTo(bare.columns());
    assertThat(explicit.compute()).isEqualTo(bare.compute());
    assertThat(explicit.outputType()).isEqualTo(bare.outputType());
    assertThat(explicit.outputColumn()).isEqualTo(bare.outputColumn());
  }

  @Test
  void everyParamIsSavedLoadedAndCopied() throws Exception {
    HigherOrderLinearAttention stage = withEverything();
    String path = folder.resolve("everything").toString();
    stage.save(path);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(stage);
    }
    Object copied =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    for (HigherOrderLinearAttention other :
        List.of(
            HigherOrderLinearAttention.load(path),
            HigherOrderLinearAttention.read().load(path),
            stage.copy(new ParamMap()),
            (HigherOrderLinearAttention) copied)) {
      assertThat(other).isNotSameAs(stage);
      assertThat(other.uid()).isEqualTo("all_1");
      assertThat(other.params()).hasSize(OTHERS.size() + 1);
      for (Param<?> param : stage.params()) {
        assertThat(other.isSet(param)).as(param.name()).isTrue();
        assertThat(value(other, param)).as(param.name()).isEqualTo(value(stage, param));
      }
      assertThat(other.getFanIn()).isEqualTo(2);
      assertThat(other.getDecay()).containsExactly(0.5, 0.25, 1);
    }
    HigherOrderLinearAttention changed =
        stage.copy(new ParamMap().put(stage.<Integer>param(AttentionOption.FAN_IN).w(9)));
    assertThat(changed.getFanIn()).isEqualTo(9);
    assertThat(stage.getFanIn()).isEqualTo(2);
  }

  private static Object value(HigherOrderLinearAttention stage, Param<?> param) {
    return stage.getOrDefault(param);
  }

  @ParameterizedTest
  @CsvSource({
    "numHeads, 0",
    "numKvHeads, 0",
    "headDim, 0",
    "valueDim, -1",
    "fanIn, 1",
    "cutEvery, -1",
    "ridge, -1",
    "epsilon, NaN",
    "scale, Infinity"
  })
  void numbersOutOfRangeAreRefusedWhenTheyAreSet(String name, double number) {
    HigherOrderLinearAttention stage = new HigherOrderLinearAttention("s_1");
    Object value =
        switch (name) {
          case "cutEvery" -> (long) number;
          case "ridge", "epsilon", "scale" -> number;
          default -> (int) number;
        };
    assertThatThrownBy(() -> stage.set(stage.getParam(name), value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("s_1 parameter " + name + " given invalid value " + value + ".");
    assertThat(stage.paramMap().size()).isZero();
  }

  @Test
  void valuesThatThereAreNotAreRefusedWhenTheyAreSet() {
    HigherOrderLinearAttention stage = new HigherOrderLinearAttention();
    assertThatThrownBy(() -> stage.setDecay(0.5, 1.5)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> stage.setDecay()).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> stage.setMask("some"))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_OPTION_VALUE"))
        .hasMessage("mask is some, expected causal, none");
    assertThatThrownBy(() -> stage.setGate(null)).hasMessageContaining("gate is null");
    assertThatThrownBy(() -> stage.setOperator("hla99")).isInstanceOf(SettingsException.class);
    assertThatThrownBy(() -> stage.setProgram("o = LA(q, k, w)"))
        .isInstanceOf(SettingsException.class);
    assertThat(stage.paramMap().size()).isZero();
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
    assertThat(found).contains(HigherOrderLinearAttention.class);
  }

  // --- Tables ---

  @Test
  void outputsAreThoseOfAttendBehindAllColumns() {
    Dataset<Row> tokens =
        tokens()
            .selectExpr(
                "concat('w', pos) AS `a.word`", "v", "CAST(pos AS INT) AS Pos", "k", "SEQ", "q")
            .withMetadata("Pos", new MetadataBuilder().putString("unit", "word").build());
    Dataset<Row> outputs = stage().transform(tokens);
    assertThat(outputs.schema().fieldNames())
        .containsExactly("a.word", "v", "Pos", "k", "SEQ", "q", "o");
    for (int i = 0; i < 6; i++) {
      assertThat(outputs.schema().fields()[i].dataType())
          .isEqualTo(tokens.schema().fields()[i].dataType());
      assertThat(outputs.schema().fields()[i].metadata())
          .isEqualTo(tokens.schema().fields()[i].metadata());
    }
    List<Row> expected = request().keep("a.word", "q", "v").attend(tokens).collectAsList();
    List<Row> actual =
        outputs
            .selectExpr("SEQ AS seq", "CAST(Pos AS BIGINT) AS pos", "o", "`a.word`", "q", "v")
            .collectAsList();
    assertThat(actual).hasSize(90).isEqualTo(expected);
  }

  @Test
  void tablesOfOneSequence() {
    Dataset<Row> tokens = tokens().where("seq = 'a'").drop("seq");
    assertThat(stage().setOutputColumn("x").transform(tokens).select("pos", "x").collectAsList())
        .hasSize(60)
        .isEqualTo(request().attend(tokens).collectAsList());
  }

  @Test
  void everyOptionReachesTheRequest() {
    AttentionSettings settings =
        AttentionSettings.builder(4, 3)
            .heads(2, 1)
            .decay(List.of(0.9, 0.5))
            .normalize(true)
            .gated(true)
            .build();
    Dataset<Row> tokens =
        TokenFiles.partitioned(
                spark,
                TokenStream.GATED,
                TokenFiles.split(TokenStream.normal(settings, 50, SEED).rows("a", 0), 3))
            .toDF("s", "p", "x", "y", "z", "w");
    Dataset<Row> outputs =
        new HigherOrderLinearAttention()
            .setNumHeads(2)
            .setNumKvHeads(1)
            .setDecay(0.9, 0.5)
            .setNormalize(true)
            .setSequence("s")
            .setPosition("p")
            .setQuery("x")
            .setKey("y")
            .setValue("z")
            .setGate("w")
            .setOutputType("double")
            .transform(tokens);
    Attention request =
        Attention.hla2()
            .numHeads(2)
            .numKvHeads(1)
            .decay(0.9, 0.5)
            .normalize(true)
            .columns("s", "p", "x", "y", "z")
            .gate("w")
            .outputType(io.hla.kernels.Element.DOUBLE);
    assertThat(outputs.select("s", "p", "o").collectAsList())
        .hasSize(50)
        .isEqualTo(request.attend(tokens).collectAsList());
  }

  @Test
  void statesOfATable() {
    Dataset<Row> all = tokens();
    request()
        .withFinalStates()
        .run(all.where("pos < 20"))
        .finalStates()
        .createOrReplaceTempView("states");
    Dataset<Row> later = all.where("pos >= 20");
    Dataset<Row> outputs =
        stage().setInitialStates("states").setRequireState(true).transform(later);
    assertThat(outputs.select("seq", "pos", "o").collectAsList())
        .isEqualTo(request().initialStates(spark.table("states")).attend(later).collectAsList());
    assertThat(outputs.count()).isEqualTo(33 + 13);
    assertThatThrownBy(() -> stage().setInitialStates("nowhere").transform(later))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_STATE_MISSING"));
  }

  @Test
  void stagesOfAPipelineComeBack() throws IOException {
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  stage(),
                  new HigherOrderLinearAttention()
                      .setOperator("linear")
                      .setNumHeads(2)
                      .setQuery("o")
                      .setKey("o")
                      .setValue("o")
                      .setOutputColumn("twice")
                });
    String path = folder.resolve("pipeline").toString();
    pipeline.write().overwrite().save(path);
    PipelineModel model;
    try (JobLog log = JobLog.of(spark)) {
      model = pipeline.fit(tokens());
      assertThat(log.jobs()).as("jobs of fit").isEmpty();
    }
    model.write().overwrite().save(path + "-model");
    List<Row> expected = model.transform(tokens()).collectAsList();
    assertThat(expected).hasSize(90);
    assertThat(expected.get(0).schema().fieldNames())
        .containsExactly("seq", "pos", "q", "k", "v", "o", "twice");
    Stream.of(Pipeline.load(path).fit(tokens()), PipelineModel.load(path + "-model"))
        .forEach(
            loaded -> assertThat(loaded.transform(tokens()).collectAsList()).isEqualTo(expected));
  }

  @Test
  void theExampleOfTheReadme() throws IOException {
    Path path = folder.resolve("wide");
    AttentionSettings settings = AttentionSettings.builder(4, 4).heads(8, 2).build();
    List<Row> rows = TokenStream.normal(settings, 20, SEED).rows("a", 0);
    TokenFiles.write(spark, TokenStream.SCHEMA, TokenFiles.split(rows, 2), path);
    Dataset<Row> tokens = spark.read().parquet(path.toString());
    PipelineStage attention =
        new HigherOrderLinearAttention().setNumHeads(8).setNumKvHeads(2).setDecay(0.999);
    PipelineModel model = new Pipeline().setStages(new PipelineStage[] {attention}).fit(tokens);
    Dataset<Row> outputs = model.transform(tokens);
    assertThat(outputs.count()).isEqualTo(20);
    String section =
        Files.readString(Path.of("README.md")).split("## In spark.ml\n")[1].split("\n## ")[0];
    String example =
        String.join("", section.lines().filter(line -> line.startsWith("    ")).toList());
    String here =
        Files.readString(
            Path.of("src/test/java", getClass().getName().replace('.', '/') + ".java"));
    assertThat(example).isNotBlank();
    assertThat(here.replaceAll("\\s", "")).contains(example.replaceAll("\\s", ""));
  }

  @Test
  void transformTakesOtherValues() {
    HigherOrderLinearAttention stage = stage();
    ParamMap others =
        new ParamMap()
            .put(stage.<double[]>param(AttentionOption.DECAY).w(new double[] {0.5}))
            .put(stage.<String>param(AttentionOption.OPERATOR).w("hla3"));
    assertThat(stage.transform(tokens(), others).select("seq", "pos", "o").collectAsList())
        .isEqualTo(
            Attention.hla3().numHeads(2).numKvHeads(1).decay(0.5).attend(tokens()).collectAsList());
    assertThat(stage.getOperator()).isEqualTo("hla2");
  }

  @Test
  void transformAndItsSchemaStartNoJob() {
    Dataset<Row> tokens = tokens();
    try (JobLog log = JobLog.of(spark)) {
      Dataset<Row> outputs = stage().transform(tokens);
      assertThat(stage().transformSchema(tokens.schema())).isEqualTo(outputs.schema());
      assertThat(log.jobs()).isEmpty();
      outputs.count();
      assertThat(log.jobs()).as("the log sees jobs").isNotEmpty();
    }
  }

  @Test
  void valuesThatDoNotGoTogetherAreRefusedWithTheSchema() {
    refused("HLA_HEADS", stage().setNumHeads(3).setNumKvHeads(2), tokens());
    refused("HLA_DECAY_COUNT", stage().setDecay(0.5, 0.5, 0.5), tokens());
    refused("HLA_OPTION_NOT_APPLICABLE", stage().setRidge(1).setMask("none"), tokens());
    refused(
        "HLA_OPTION_NOT_APPLICABLE",
        stage().setOutputType("double").setPrecision("mixed"),
        tokens());
    refused("HLA_OPTION_CONFLICT", stage().setOperator("hla2").setProgram("o=LA(q,k,v)"), tokens());
  }

  @Test
  void columnsAreRefusedWithTheSchema() {
    refused("HLA_INPUT_COLUMN", stage(), tokens().drop("k"));
    refused("HLA_INPUT_COLUMN", stage().setSequence("document"), tokens());
    refused("HLA_INPUT_TYPE", stage().setValue("pos"), tokens());
    refused("HLA_OUTPUT_COLUMN", stage().setOutputColumn("K"), tokens());
    assertThatThrownBy(
            () -> stage().transform(spark.readStream().format("rate").load().selectExpr("value")))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_STREAMING"));
  }

  private static void refused(
      String condition, HigherOrderLinearAttention stage, Dataset<Row> tokens) {
    List<org.assertj.core.api.ThrowableAssert.ThrowingCallable> ways =
        List.of(() -> stage.transformSchema(tokens.schema()), () -> stage.transform(tokens));
    ways.forEach(
        way ->
            assertThatThrownBy(way)
                .satisfies(
                    e ->
                        assertThat(
                                e instanceof InputException input
                                    ? input.condition()
                                    : ((SettingsException) e).condition())
                            .isEqualTo(condition)));
  }

  // --- Without spark-mllib ---

  @Test
  void theRestWorksWithoutIt() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens") || option.startsWith("-D"))
        .forEach(command::add);
    String classPath =
        String.join(
            System.getProperty("path.separator"),
            Arrays.stream(
                    System.getProperty("java.class.path")
                        .split(System.getProperty("path.separator")))
                .filter(entry -> !entry.contains("spark-mllib"))
                .toList());
    assertThat(classPath).isNotEqualTo(System.getProperty("java.class.path"));
    command.addAll(List.of("-Xmx1g", "-XX:TieredStopAtLevel=1", "-cp", classPath));
    command.addAll(List.of(AttendWithoutMl.class.getName(), folder.resolve("tokens").toString()));
    Path log = folder.resolve("without.log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()))
            .start();
    try {
      process.waitFor();
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(log)).contains("90 outputs without spark.ml");
    assertThat(process.exitValue()).isZero();
  }
}
