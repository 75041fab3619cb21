package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The attend command from its options to the tables it writes. */
class AttendCommandTest {
  private static final long SEED = 3;

  @TempDir Path folder;

  static Stream<Arguments> operators() {
    return Stream.of(
        Arguments.of(
            "--operator hla2 --num-heads 2 --decay 0.5,1 --ridge 0.25 --scale 0.5",
            settings().heads(2, 2).decay(List.of(0.5, 1.0)).ridge(0.25).scale(0.5).build()),
        Arguments.of(
            "--operator AHLA --num-heads 4 --num-kv-heads 2 --decay 0.5",
            settings().operator(Operator.AHLA).heads(4, 2).decay(0.5).build()),
        Arguments.of(
            "--operator hla3 --form published",
            settings().operator(Operator.HLA3).form(Form.PUBLISHED).build()),
        Arguments.of(
            "--operator hla2 --mask none --normalize --epsilon 0.5 --feature-map relu",
            settings()
                .mask(Mask.NONE)
                .normalize(true)
                .epsilon(0.5)
                .featureMap(FeatureMap.RELU)
                .build()),
        Arguments.of(
            "--operator linear --scale -2 --normalize=false --kernels java --fan-in 2 --input-order sort",
            settings().operator(Operator.LINEAR).scale(-2).build()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("operators")
  void optionsReachTheKernels(String options, AttentionSettings settings) {
    TokenStream stream = TokenStream.integers(settings, 9, SEED);
    Path input = json("in.json", JsonTokens.lines(stream, "a", 5));
    List<String> arguments = attend(input, "--output-format", "json", "--input-format", "json");
    arguments.addAll(List.of("--precision", "float64", "--output-type", "double"));
    arguments.addAll(List.of(options.split(" ")));
    run(arguments).done();
    Dataset<Row> written = TestSpark.open().read().json(folder + "/out");
    assertThat(TestJob.bySequence(written).get("a"))
        .as("seed %d", SEED)
        .isEqualTo(stream.outputs());
  }

  @Test
  void columnsGoByTheirNames() {
    TokenStream stream = TokenStream.integers(settings().build(), 5, SEED);
    List<String> lines =
        JsonTokens.lines(stream, "a", 0).stream()
            .map(
                line ->
                    line.replace("\"seq\"", "\"the doc\"")
                        .replace("\"pos\"", "\"at\"")
                        .replace("\"q\"", "\"Q.1\"")
                        .replace("\"k\"", "\"K\"")
                        .replace("\"v\"", "\"V\""))
            .toList();
    List<String> arguments = attend(json("in.json", lines), "--input-format", "json");
    arguments.addAll(List.of("--seq-col", "the doc", "--pos-col", "at", "--query-col", "Q.1"));
    arguments.addAll(List.of("--key-col", "K", "--value-col", "v", "--output-col", "attended"));
    arguments.addAll(
        List.of("--precision", "float64", "--output-type", "double", "--keep", "tag,K"));
    run(arguments).done();
    Dataset<Row> written = TestSpark.open().read().parquet(folder + "/out");
    assertThat(written.columns()).containsExactly("the doc", "at", "attended", "tag", "K");
    assertThat(TestJob.bySequence(written.toDF("seq", "pos", "o", "tag", "K")).get("a"))
        .isEqualTo(stream.outputs());
    Row third = written.where("at = 2").head();
    assertThat(third.getString(3)).isEqualTo("t2");
    assertThat(third.<Double>getList(4))
        .containsExactly(Arrays.stream(stream.slice(2, 3).k()).boxed().toArray(Double[]::new));
  }

  @Test
  void aTableWithoutSequencesIsOneSequence() {
    TokenStream stream = TokenStream.integers(settings().build(), 6, SEED);
    SparkSession spark = TestSpark.newSession();
    Path input =
        TokenFiles.write(
            spark,
            TokenStream.SCHEMA,
            TokenFiles.split(stream.rows("unused", -3), 3),
            folder.resolve("all"));
    spark.read().parquet(input + "").drop("seq").write().parquet(folder + "/in");
    run(attend(folder.resolve("in"), "--precision", "float64", "--output-type", "double")).done();
    Dataset<Row> written = spark.read().parquet(folder + "/out");
    assertThat(written.columns()).containsExactly("pos", "o");
    assertThat(TestJob.bySequence(written.selectExpr("'s' as seq", "pos", "o")).get("s"))
        .isEqualTo(stream.outputs());
  }

  @Test
  void floatsAreWrittenUnlessThePrecisionIsDouble() {
    TokenStream stream = TokenStream.integers(settings().build(), 3, SEED);
    Path input = json("in.json", JsonTokens.lines(stream, "a", 0));
    for (String precision : new String[] {"mixed", "float32"}) {
      Path output = folder.resolve(precision);
      run(List.of(
              "attend",
              "--input=" + input,
              "--input-format=json",
              "--output=" + output,
              "--precision=" + precision))
          .done();
      Dataset<Row> written = TestSpark.open().read().parquet(output.toString());
      assertThat(written.schema().apply("o").dataType().simpleString()).isEqualTo("array<float>");
      assertThat(TestJob.bySequence(written).get("a")).isEqualTo(stream.outputs());
    }
  }

  @Test
  void wholeNumbersAndMixedArraysAreNumbers() {
    Path input =
        json(
            "in.json",
            List.of(
                "{\"pos\": 0, \"q\": [1, 2], \"k\": [3, 1], \"v\": [2, 5]}",
                "{\"pos\": 1, \"q\": [1, 0.5], \"k\": [-1, 2], \"v\": [1, 1.5]}"));
    List<String> arguments = attend(input, "--input-format", "json", "--operator", "linear");
    run(arguments).done();
    List<Row> rows =
        TestSpark.open().read().parquet(folder + "/out").orderBy("pos").collectAsList();
    // (q_0 k_0) v_0 = 5 (2, 5) and (q_1 k_0) v_0 + (q_1 k_1) v_1 = 3.5 (2, 5) + 0 (1, 1.5).
    assertThat(rows.get(0).<Float>getList(1)).containsExactly(10f, 25f);
    assertThat(rows.get(1).<Float>getList(1)).containsExactly(7f, 17.5f);
  }

  @Test
  void showsFirstRowsAndReports() throws IOException {
    TokenStream stream = TokenStream.integers(settings().build(), 20, SEED);
    List<String> lines = new ArrayList<>(JsonTokens.lines(stream, "2024-02-29", 7));
    lines.addAll(JsonTokens.lines(stream, "2025-01-01", 0));
    SparkSession spark = TestSpark.newSession();
    spark
        .read()
        .json(json("in.json", lines) + "")
        .selectExpr("cast(seq as date) seq", "pos", "q", "k", "v", "tag")
        .write()
        .parquet(folder + "/in");
    List<String> arguments = attend(folder.resolve("in"), "--show", "3", "--keep", "tag");
    arguments.addAll(List.of("--output-format", "json", "--report", folder + "/new/report.json"));
    CommandRun run = run(arguments).done();
    assertThat(run.out().lines().filter(line -> line.startsWith("pos=")))
        .hasSize(3)
        .allMatch(line -> line.contains("o=[") && line.contains("tag=t"))
        .first()
        .asString()
        .contains("pos=7");
    assertThat(run.err()).contains("index", "attend", "kernels", "tokens", "total");
    JsonNode report = new ObjectMapper().readTree(folder.resolve("new/report.json").toFile());
    assertThat(report.at("/input/tokens").asLong()).isEqualTo(40);
    assertThat(report.at("/input/sequences").asInt()).isEqualTo(2);
    assertThat(report.at("/output/output").asText()).endsWith("/out");
    assertThat(report.at("/plan/kernels").asText()).isNotEmpty();
    assertThat(report.get("phases").findValuesAsText("name")).contains("index", "attend");
  }

  @Test
  void modesDecideAboutAnOutputThatExists() {
    TokenStream stream = TokenStream.integers(settings().build(), 4, SEED);
    Path first = json("first.json", JsonTokens.lines(stream, "a", 0));
    Path second = json("second.json", JsonTokens.lines(stream, "b", 0));
    String[] json = {"--input-format", "json"};
    run(attend(first, json)).done();
    Map<String, String> before = Folder.contents(folder.resolve("out"));

    assertThat(run(attend(second, json)).code()).isEqualTo(3);
    CommandRun ignored = run(with(attend(second, json), "--mode", "ignore")).done();
    assertThat(ignored.out()).contains("nothing to do");
    assertThat(Folder.contents(folder.resolve("out"))).isEqualTo(before);
    assertThat(sequences()).containsExactly("a");

    run(with(attend(second, json), "--mode", "append")).done();
    assertThat(sequences()).containsExactly("a", "b");
    CommandRun other =
        run(
            with(
                attend(second, json),
                "--mode",
                "append",
                "--precision",
                "float64",
                "--output-type",
                "double"));
    assertThat(other.code()).isEqualTo(3);
    assertThat(other.err()).contains("[HLA_OUTPUT_COLUMN]", "o array<float>", "o array<double>");
    assertThat(sequences()).containsExactly("a", "b");

    run(with(attend(second, json), "--mode", "overwrite")).done();
    assertThat(sequences()).containsExactly("b");
    assertThat(folder)
        .isDirectoryNotContaining(file -> file.getFileName().toString().startsWith("."));

    run(List.of(
            "attend",
            "--input",
            "" + first,
            json[0],
            json[1],
            "--output",
            folder + "/new",
            "--mode",
            "append"))
        .done();
    assertThat(folder.resolve("new/_SUCCESS")).exists();
  }

  @Test
  void attendsOverText() throws IOException {
    Path data = Path.of("..", "data");
    Path text = json("book.txt", List.of("Call me Ishmael.", "", "The whale, the whale!"));
    List<String> arguments = new ArrayList<>(List.of("attend", "--text", text.toString()));
    arguments.addAll(List.of("--model", data.resolve("glove-moby-100d.safetensors").toString()));
    arguments.addAll(List.of("--vocab", data.resolve("vocab.txt").toString()));
    arguments.addAll(List.of("--num-heads", "4", "--output", folder + "/out"));
    CommandRun run = run(with(arguments, "--keep", "word", "--show", "2")).done();
    assertThat(run.out()).contains("word=call", "word=me").doesNotContain("word=ishmael");
    Dataset<Row> written = TestSpark.open().read().parquet(folder + "/out");
    assertThat(written.columns()).containsExactly("seq", "pos", "o", "word");
    assertThat(written.orderBy("pos").select("word").collectAsList())
        .extracting(row -> row.getString(0))
        .containsExactly("call", "me", "ishmael", ".", "the", "whale", ",", "the", "whale", "!");
  }

  private List<String> sequences() {
    return TestSpark.open()
        .read()
        .parquet(folder + "/out")
        .select("seq")
        .distinct()
        .orderBy("seq")
        .collectAsList()
        .stream()
        .map(row -> row.getString(0))
        .toList();
  }

  private static AttentionSettings.Builder settings() {
    return AttentionSettings.builder(3, 2).precision(Precision.FLOAT64);
  }

  private Path json(String name, List<String> lines) {
    return JsonTokens.write(folder.resolve(name), lines);
  }

  private List<String> attend(Path input, String... options) {
    List<String> arguments =
        List.of("attend", "--input", input.toString(), "--output", folder + "/out");
    return with(arguments, options);
  }

  private static List<String> with(List<String> arguments, String... options) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of(options));
    return all;
  }

  private static CommandRun run(List<String> arguments) {
    return CommandRun.of(arguments.toArray(String[]::new));
  }
}
