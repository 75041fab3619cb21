package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.TestSpark;
import io.hla.spark.extract.FeatureExtractor;
import io.hla.spark.extract.VectorType;
import io.hla.spark.model.RandomModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The extract command from its options to the tables it writes. */
class ExtractCommandTest {
  private static final String TEXT = "Call me Ishmael.\nSome years ago -- never mind \u00e9 long";

  @TempDir static Path folder;
  private static Path model;
  private static Path text;

  @TempDir Path own;

  @BeforeAll
  static void write() throws IOException {
    Map<String, Object> config = new HashMap<>();
    config.put("model_type", "hla");
    config.put("vocab_size", 256);
    config.put("hidden_size", 16);
    config.put("num_hidden_layers", 2);
    config.put("num_heads", 2);
    config.put("intermediate_size", 24);
    config.put("operator", "hla2");
    config.put("decay", 0.9);
    config.put("tokenizer", Map.of("type", "bytes"));
    model = folder.resolve("model");
    RandomModel.write(model, config, 1, "BF16", 2);
    text = folder.resolve("text.txt");
    Files.writeString(text, TEXT);
  }

  @Test
  void textBecomesFeaturesAndScores() throws IOException {
    CommandRun run = extract("--text", text, "--score", "--dtype", "double", "--show", "2").done();
    List<Row> rows = written().orderBy("pos").collectAsList();
    assertThat(rows).isEqualTo(expected().collectAsList());
    assertThat(rows).hasSize(TEXT.getBytes(StandardCharsets.UTF_8).length);
    assertThat(run.out()).contains("log_probability");
    JsonNode report = new ObjectMapper().readTree(own.resolve("report.json").toFile());
    double mean =
        rows.stream()
            .filter(row -> !row.isNullAt(3))
            .mapToDouble(row -> row.getDouble(3))
            .average()
            .orElseThrow();
    assertThat(report.at("/output/scoredTokens").asInt()).isEqualTo(rows.size() - 1);
    assertThat(report.at("/output/perplexity").asDouble())
        .isCloseTo(Math.exp(-mean), org.assertj.core.api.Assertions.within(1e-9));
    assertThat(report.at("/output/sequencePerplexities/0").asText())
        .isEqualTo("text.txt: " + report.at("/output/perplexity").asDouble());
    assertThat(report.at("/settings/features").asText()).isEqualTo("hidden");
  }

  /** The serial rows of the text in one run. */
  private static Dataset<Row> expected() {
    byte[] bytes = TEXT.getBytes(StandardCharsets.UTF_8);
    List<String> rows = new ArrayList<>();
    for (int t = 0; t < bytes.length; t++) {
      rows.add("('text.txt', " + t + "L, " + Byte.toUnsignedInt(bytes[t]) + ")");
    }
    Dataset<Row> ids =
        TestSpark.open()
            .sql("SELECT * FROM VALUES " + String.join(",", rows) + " AS t(seq, pos, id)")
            .coalesce(1);
    return FeatureExtractor.of(model.toString())
        .score(true)
        .dtype(VectorType.DOUBLE)
        .extract(ids)
        .orderBy("pos");
  }

  @Test
  void aColumnOfTextIsPooledByRow() throws IOException {
    Path table = own.resolve("documents.json");
    Files.writeString(
        table, "{\"url\":\"a\",\"body\":\"abc\"}\n{\"url\":\"b\",\"body\":\"xyz!\"}\n");
    extract(
            "--input",
            table,
            "--input-format",
            "json",
            "--text-col",
            "body",
            "--keep",
            "url",
            "--pool",
            "mean",
            "--l2")
        .done();
    List<Row> rows = written().orderBy("url").collectAsList();
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0).<String>getAs("url")).isEqualTo("a");
    assertThat(rows.get(0).<Long>getAs("tokens")).isEqualTo(3);
    assertThat(rows.get(1).<Long>getAs("tokens")).isEqualTo(4);
    List<Float> vector = rows.get(1).getList(rows.get(1).fieldIndex("features"));
    assertThat(vector.stream().mapToDouble(x -> x * x).sum())
        .isCloseTo(1, org.assertj.core.api.Assertions.within(1e-6));
  }

  /** Documents have ids of their own more often than not. */
  @Test
  void aColumnOfIdsLeavesTheNameToTheOnesOfDocuments() throws IOException {
    Path table = own.resolve("documents.json");
    Files.writeString(table, "{\"id\":\"a\",\"tokens\":[1,2]}\n{\"id\":\"b\",\"tokens\":[3]}\n");
    extract("--input", table, "--input-format", "json", "--ids-col", "tokens", "--keep", "id")
        .done();
    List<Row> rows = written().orderBy("id", "pos").collectAsList();
    assertThat(rows.stream().map(row -> row.<String>getAs("id") + row.<Long>getAs("pos")))
        .containsExactly("a0", "a1", "b0");
  }

  @Test
  void idsOfTwoDaysGoOnFromTheStatesOfAllLayers() throws IOException {
    byte[] bytes = TEXT.getBytes(StandardCharsets.UTF_8);
    Path monday = own.resolve("monday.json");
    Path tuesday = own.resolve("tuesday.json");
    List<String> lines = new ArrayList<>();
    for (int t = 0; t < bytes.length; t++) {
      lines.add(
          "{\"seq\":\"text.txt\",\"pos\":" + t + ",\"id\":" + Byte.toUnsignedInt(bytes[t]) + "}");
    }
    Files.write(monday, lines.subList(0, 20));
    Files.write(tuesday, lines.subList(20, lines.size()));
    Path state = own.resolve("state");
    extract(
            "--input",
            monday,
            "--input-format",
            "json",
            "--dtype",
            "double",
            "--final-state",
            state)
        .done();
    extract(
            "--input",
            tuesday,
            "--input-format",
            "json",
            "--dtype",
            "double",
            "--mode",
            "append",
            "--initial-state",
            state,
            "--final-state",
            state,
            "--require-state")
        .done();
    assertThat(TestSpark.open().read().parquet(state.toString()).count()).isEqualTo(2);
    assertThat(written().count()).isEqualTo(bytes.length);
    List<Row> rows = written().orderBy("pos").collectAsList();
    List<Row> expected = expected().collectAsList();
    for (int t = 0; t < bytes.length; t++) {
      List<Double> actual = rows.get(t).getList(2);
      List<Double> serial = expected.get(t).getList(2);
      for (int i = 0; i < actual.size(); i++) {
        assertThat(actual.get(i))
            .isCloseTo(serial.get(i), org.assertj.core.api.Assertions.within(1e-12));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--text {text} --input x | expected one of them",
        "--input x --text-col a --ids-col b | expected one of them",
        "--input x --order-col a | --order-col goes with",
        "--input x --tokenizer bytes | --tokenizer goes with",
        "--text {text} --keep a | belong to tables",
        "--text {text} --require-state | goes with --initial-state"
      })
  void refusesOptionsThatDoNotGoTogether(String options, String message) {
    CommandRun run = extract((Object[]) options.replace("{text}", text.toString()).split(" "));
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.err()).contains(message);
  }

  @ParameterizedTest
  @CsvSource({
    "--features cls, HLA_FEATURES",
    "--pool sum, HLA_POOL",
    "--features layer:9, HLA_FEATURES",
    "--tokenizer cl100k_base, HLA_TOKENIZER",
    "--initial-state nowhere, HLA_STATE_MISSING"
  })
  void refusesWhatTheModelLacksAndLeavesNothing(String options, String condition) {
    List<Object> arguments = new ArrayList<>(List.of("--text", text));
    arguments.addAll(List.of(options.split(" ")));
    CommandRun run = extract(arguments.toArray());
    assertThat(run.code()).as(run.err()).isEqualTo(3);
    assertThat(run.err()).contains("[" + condition + "]");
    assertThat(own.resolve("out")).doesNotExist();
  }

  @Test
  void refusesAModelThatIsNotThere() {
    CommandRun run =
        CommandRun.of(
            "extract",
            "--text",
            text.toString(),
            "--model",
            own + "/none",
            "--output",
            own + "/out");
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err()).contains("[HLA_INPUT_MISSING]");
  }

  private CommandRun extract(Object... options) {
    List<String> arguments = new ArrayList<>(List.of("extract", "--model", model.toString()));
    for (Object option : options) {
      arguments.add(option.toString());
    }
    arguments.addAll(List.of("--output", own + "/out", "--report", own + "/report.json"));
    return CommandRun.of(arguments.toArray(String[]::new));
  }

  private Dataset<Row> written() {
    return TestSpark.open().read().parquet(own + "/out");
  }
}
