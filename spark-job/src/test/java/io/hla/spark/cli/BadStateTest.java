package io.hla.spark.cli;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** States that do not go with a job, targets that do not go with its input, and empty tables. */
class BadStateTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(2, 1).precision(Precision.FLOAT64).build();
  private static final TokenStream STREAM = TokenStream.integers(SETTINGS, 6, 31);

  @TempDir Path folder;

  @BeforeEach
  void aStateBehindThreeTokens() {
    JsonTokens.write(folder.resolve("a.json"), JsonTokens.lines(STREAM.slice(0, 3), "s", 0));
    JsonTokens.write(folder.resolve("b.json"), JsonTokens.lines(STREAM.slice(3, 6), "s", 3));
    run("--input a.json --output a --final-state state").done();
  }

  @ParameterizedTest
  @CsvSource({
    "--decay 0.5, 'decay is [1.0], expected [0.5]'",
    "--operator ahla, 'operator is hla2, expected ahla'",
    "--precision mixed, 'precision is float64, expected mixed'",
    "--scale 2 --normalize, 'normalize is false, expected true, scale is 1.0, expected 2.0'"
  })
  void statesOfOtherSettings(String options, String differences) {
    refuses(
        "--input b.json --output out --initial-state state " + options,
        "HLA_STATE_SETTINGS",
        "sequence \"s\": cannot continue from a state of other settings: " + differences);
  }

  /** A bit of the magic, the version, the settings, the values, the checksum. */
  @ParameterizedTest
  @ValueSource(ints = {0, 4, 30, -60, -1})
  void statesWithAFlippedBit(int at) {
    UDF1<byte[], byte[]> flip =
        bytes -> {
          byte[] damaged = bytes.clone();
          damaged[at < 0 ? bytes.length + at : at] ^= 0x10;
          return damaged;
        };
    rewritten(
        table -> table.withColumn("state", udf(flip, DataTypes.BinaryType).apply(col("state"))));
    CommandRun run = run("--input b.json --output out --initial-state changed");
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err())
        .containsPattern("\\[HLA_STATE_(DAMAGED|VERSION)\\] sequence \"s\": the state ");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void statesThatDoNotFit() {
    refuses(
        "--input a.json --output out --initial-state state",
        "HLA_STATE_POSITION",
        "sequence \"s\" starts at position 0, its initial state expects 3");
    refuses(
        "--input b.json --output out --initial-state none",
        "HLA_STATE_MISSING",
        "no state table at " + folder + "/none");
    refuses(
        "--input b.json --output out --initial-state a",
        "HLA_STATE_TABLE",
        folder + "/a is not a state table for this input: it has no column next_pos, it has [seq");
    refuses(
        "--input b.json --output out --initial-state a.json",
        "HLA_STATE_TABLE",
        folder + "/a.json is not a state table: file:" + folder + "/a.json is not a Parquet file");
    rewritten(table -> table.union(table));
    refuses(
        "--input b.json --output out --initial-state changed",
        "HLA_STATE_DUPLICATE",
        "there are several initial states for sequence \"s\"");
  }

  @Test
  void statesOfOtherKeys() {
    rewritten(table -> table.withColumn("seq", col("next_pos")));
    refuses(
        "--input b.json --output out --initial-state changed",
        "HLA_STATE_TABLE",
        folder + "/changed: column seq is bigint, expected string");
    TestSpark.open().read().json(folder + "/b.json").drop("seq").write().json(folder + "/one.json");
    refuses(
        "--input one.json --output out --initial-state state",
        "HLA_STATE_TABLE",
        folder + "/state holds states of named sequences, the input has no sequence column");
  }

  @Test
  void targetsThatTouchOneAnother() throws IOException {
    Files.createDirectories(folder.resolve("tokens"));
    Files.copy(folder.resolve("b.json"), folder.resolve("tokens/b.json"));
    refuses("--input tokens --output tokens/out", "HLA_OUTPUT_IN_INPUT", "--output file:");
    refuses(
        "--input tokens/b.json --output tokens --mode overwrite",
        "HLA_OUTPUT_IN_INPUT",
        "--output file:");
    refuses(
        "--input tokens --output tokens --mode overwrite", "HLA_OUTPUT_IN_INPUT", "--output file:");
    refuses(
        "--input tokens/*.json --output out --final-state tokens/b.json/state",
        "HLA_OUTPUT_IN_INPUT",
        "--final-state file:");
    refuses("--input b.json --output a", "HLA_OUTPUT_EXISTS", "--output file:");
    refuses(
        "--input b.json --output out --final-state state",
        "HLA_OUTPUT_EXISTS",
        "--final-state file:");
    refuses(
        "--input b.json --output a --final-state state --mode append",
        "HLA_OUTPUT_EXISTS",
        "--final-state file:");
    refuses(
        "--input b.json --output out --final-state out/s",
        "HLA_OUTPUT_PATH",
        "--final-state file:");
    refuses(
        "--input b.json --output state --mode overwrite --initial-state state",
        "HLA_OUTPUT_IN_INPUT",
        "--output file:");
  }

  @ParameterizedTest
  @ValueSource(strings = {"typed", "json"})
  void anEmptyTableGivesAnEmptyTable(String kind) {
    empty(kind);
    CommandRun run = run("--input empty --output out --final-state after" + format(kind)).done();
    assertThat(run.out()).contains("the input holds no token");
    Dataset<Row> written = TestSpark.open().read().parquet(folder + "/out");
    assertThat(written.columns())
        .containsExactly(
            kind.equals("json") ? new String[] {"pos", "o"} : new String[] {"seq", "pos", "o"});
    assertThat(written.schema().apply("o").dataType().simpleString()).isEqualTo("array<double>");
    assertThat(written.count()).isZero();
    assertThat(TestSpark.open().read().parquet(folder + "/after").count()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"typed", "json"})
  void anEmptyTableCarriesStatesOver(String kind) {
    empty(kind);
    run("--input empty --output out --initial-state state --final-state after" + format(kind))
        .done();
    assertThat(TestSpark.open().read().parquet(folder + "/out").columns())
        .containsExactly("seq", "pos", "o");
    Row before = TestSpark.open().read().parquet(folder + "/state").head();
    List<Row> after = TestSpark.open().read().parquet(folder + "/after").collectAsList();
    assertThat(after).hasSize(1);
    assertThat(after.get(0).<byte[]>getAs("state")).isEqualTo(before.<byte[]>getAs("state"));
    assertThat(after.get(0).<String>getAs("seq")).isEqualTo("s");
    assertThat(after.get(0).<Long>getAs("next_pos")).isEqualTo(3);
    refuses(
        "--input empty --output other --initial-state state --decay 0.5" + format(kind),
        "HLA_STATE_SETTINGS",
        "sequence \"s\": cannot continue from a state of other settings");
  }

  private void empty(String kind) {
    if (kind.equals("json")) {
      JsonTokens.write(folder.resolve("empty/a.json"), List.of());
    } else {
      TestSpark.open()
          .createDataFrame(List.<Row>of(), TokenStream.SCHEMA)
          .write()
          .parquet(folder + "/empty");
    }
  }

  private static String format(String kind) {
    return kind.equals("json") ? "" : " --input-format parquet";
  }

  private void rewritten(java.util.function.UnaryOperator<Dataset<Row>> change) {
    change
        .apply(TestSpark.open().read().parquet(folder + "/state"))
        .write()
        .parquet(folder + "/changed");
  }

  private void refuses(String command, String condition, String message) {
    Map<String, String> before = Folder.contents(folder);
    CommandRun run = run(command);
    assertThat(run.code()).as(run.err()).isEqualTo(3);
    assertThat(run.err()).contains("[" + condition + "] " + message);
    assertThat(Folder.contents(folder)).isEqualTo(before);
  }

  /** Attends in float64; paths lie in the folder. */
  private CommandRun run(String command) {
    List<String> arguments = new ArrayList<>(List.of("attend"));
    if (!command.contains("--input-format")) {
      arguments.addAll(List.of("--input-format", "json"));
    }
    if (!command.contains("--precision")) {
      arguments.addAll(List.of("--precision", "float64", "--output-type", "double"));
    }
    String option = "";
    for (String word : command.split(" ")) {
      boolean path =
          Stream.of("--input", "--output", "--final-state", "--initial-state")
              .anyMatch(option::equals);
      arguments.add(path ? folder + "/" + word : word);
      option = word;
    }
    return CommandRun.of(arguments.toArray(String[]::new));
  }
}
