package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables that are refused, by name and place, with nothing written. */
class BadInputTest {
  private static final String FIRST = row("0", "[1, 2]", "[3, 1]", "[2]");
  private static final String SECOND = row("1", "[1, 0]", "[1, 2]", "[1]");
  private static final String THIRD = row("2", "[0, 1]", "[2, 2]", "[5]");

  @TempDir Path folder;

  /**
   * A refused table.
   *
   * @param files lines of JSON, {@code //} between files
   * @param message how the message starts; FOLDER stands for the folder of the test
   */
  record Case(List<String> files, String options, String condition, String message) {
    @Override
    public String toString() {
      return condition + " " + message;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        // columns
        bad(
            "HLA_INPUT_COLUMN",
            "the table has no column k, it has [pos, q, seq, v]",
            FIRST.replace("\"k\": [3, 1], ", "")),
        option("--seq-col doc", "HLA_INPUT_COLUMN", "the table has no column doc, it has [k, pos"),
        option("--keep word", "HLA_INPUT_COLUMN", "the table has no column word, it has [k, pos"),
        option(
            "--keep pos",
            "HLA_OUTPUT_COLUMN",
            "the output would have columns [seq, pos, o, pos], expected pos once"),
        option(
            "--output-col Seq",
            "HLA_OUTPUT_COLUMN",
            "the output would have columns [seq, pos, Seq], expected Seq once"),
        // types
        bad(
            "HLA_INPUT_TYPE",
            "column q is string, expected array<float> or array<double>",
            row("0", "\"x\"", "[1]", "[1]")),
        bad(
            "HLA_INPUT_TYPE",
            "column k is array<string>, expected array<float> or array<double>",
            row("0", "[1, 2]", "[\"x\", \"y\"]", "[1]")),
        bad(
            "HLA_INPUT_TYPE",
            "column v is array<array<bigint>>, expected array<float> or array<double>",
            row("0", "[1, 2]", "[1, 2]", "[[1]]")),
        bad(
            "HLA_INPUT_TYPE",
            "column pos is double, expected an integral type",
            FIRST,
            row("0.5", "[1, 2]", "[1, 2]", "[1]")),
        bad(
            "HLA_INPUT_TYPE",
            "column seq is struct<a:bigint>, expected an atomic type",
            FIRST.replace("\"a\"", "{\"a\": 1}")),
        // nulls
        bad(
            "HLA_INPUT_NULL",
            "q is null in the first row",
            row("0", "null", "[3, 1]", "[2]"),
            SECOND),
        bad(
            "HLA_INPUT_NULL",
            "k is null at position 1 of sequence \"a\"",
            FIRST,
            row("1", "[1, 2]", "null", "[1]")),
        bad(
            "HLA_INPUT_NULL",
            "q has a null element [1] at position 1 of sequence \"a\"",
            FIRST,
            row("1", "[1, null]", "[1, 2]", "[1]"),
            THIRD),
        bad(
            "HLA_INPUT_NULL",
            "the row after sequence \"a\" position 0 has a null position in file:FOLDER/in/0.json",
            FIRST,
            row("null", "[1, 2]", "[1, 2]", "[1]")),
        bad(
            "HLA_INPUT_NULL",
            "the first row of file:FOLDER/in/0.json has a null sequence",
            FIRST.replace("\"a\"", "null"),
            SECOND),
        // widths
        bad(
            "HLA_INPUT_WIDTH",
            "q has 3 values at position 1 of sequence \"a\", expected 2 (1 heads x 2)",
            FIRST,
            row("1", "[1, 2, 3]", "[1, 2]", "[1]"),
            THIRD),
        bad(
            "HLA_INPUT_WIDTH",
            "v has 0 values at position 1 of sequence \"a\", expected 1 (1 KV heads x 1)",
            FIRST,
            "//",
            row("1", "[1, 2]", "[1, 2]", "[]"),
            "//",
            THIRD),
        option(
            "--num-heads 3",
            "HLA_INPUT_WIDTH",
            "q has 2 values in the first row, expected a positive multiple of num-heads 3"),
        option(
            "--num-heads 2 --num-kv-heads 2",
            "HLA_INPUT_WIDTH",
            "v has 1 values in the first row, expected a positive multiple of num-kv-heads 2"),
        bad(
            "HLA_INPUT_WIDTH",
            "k has 3 values in the first row, expected 2 (1 KV heads x 2, as q has 1 heads x 2)",
            row("0", "[1, 2]", "[1, 2, 3]", "[1]")),
        // positions
        bad(
            "HLA_INPUT_DUPLICATE",
            "sequence \"a\" has position 1 more than once",
            FIRST,
            SECOND,
            SECOND),
        bad(
            "HLA_INPUT_GAP",
            "sequence \"a\" ends at position 0 and goes on at 2 (1 tokens missing)",
            FIRST,
            "//",
            THIRD),
        bad(
            "HLA_INPUT_OVERLAP",
            "sequence \"a\" has positions 1 to 2 more than once, expected once",
            FIRST,
            SECOND,
            THIRD,
            "//",
            SECOND,
            THIRD),
        // numbers
        bad(
            "HLA_INPUT_NONFINITE",
            "k[1] is NaN at position 2 of sequence \"a\", expected a finite double number",
            FIRST,
            SECOND,
            row("2", "[1, 2]", "[1, NaN]", "[1]")),
        bad(
            "HLA_INPUT_NONFINITE",
            "q[0] is -Infinity at position 0 of sequence \"a\", expected a finite double number",
            row("0", "[-Infinity, 1]", "[1, 2]", "[1]"),
            "//",
            SECOND),
        new Case(
            List.of(FIRST + "\n" + row("1", "[1, 2]", "[1, 2]", "[1e300]")),
            "--precision mixed",
            "HLA_INPUT_NONFINITE",
            "v[0] is Infinity at position 1 of sequence \"a\", expected a finite float number"
                + " (the column holds doubles: precision float64 takes larger ones)"),
        bad(
            "HLA_OVERFLOW",
            "o[0] is Infinity at position 1 of sequence \"a\", expected a finite float"
                + " (output type double holds larger numbers)",
            FIRST,
            row("1", "[1, 2]", "[1, 2]", "[1e300]")),
        // files
        bad(
            "HLA_INPUT_MALFORMED",
            "file:FOLDER/in/1.json holds a line that is not JSON, expected one object: {\"seq\":",
            FIRST,
            "//",
            SECOND,
            "{\"seq\": \"a\", \"pos\": 1, \"q\"",
            THIRD),
        option("--input no-such-folder", "HLA_INPUT_MISSING", "no file at no-such-folder"),
        option(
            "--input-format parquette",
            "HLA_INPUT_FORMAT",
            "[DATA_SOURCE_NOT_FOUND] Failed to find the data source: parquette"),
        option("--input-format parquet", "HLA_INPUT_FORMAT", "[FAILED_READ_FILE"),
        option(
            "--output-format excel",
            "HLA_OUTPUT_FORMAT",
            "--output as excel: [DATA_SOURCE_NOT_FOUND]"),
        option("--output-format csv", "HLA_OUTPUT_FORMAT", "--output as csv: [UNSUPPORTED_DATA"),
        option("--output-format text", "HLA_OUTPUT_FORMAT", "--output as text: "),
        option(
            "--output-format binaryFile --output-option compression=gzip",
            "HLA_OUTPUT_FORMAT",
            "--output as binaryFile: "),
        option(
            "--output-option compression=foo",
            "HLA_OUTPUT_OPTION",
            "options of --output as parquet: [CODEC_NOT_AVAILABLE"),
        option(
            "--output-option compression=brotli",
            "HLA_OUTPUT_OPTION",
            "options of --output as parquet: Class org.apache.hadoop.io.compress.BrotliCodec"),
        option(
            "--output-format orc --output-option compression=foo",
            "HLA_OUTPUT_OPTION",
            "options of --output as orc: "),
        option(
            "--output-option maxRecordsPerFile=many",
            "HLA_OUTPUT_OPTION",
            "options of --output as parquet: For input string: \"many\""));
  }

  private static Case bad(String condition, String message, String... lines) {
    return new Case(List.of(String.join("\n", lines).split("//\n")), "", condition, message);
  }

  /** Good lines, an option that goes not with them. */
  private static Case option(String options, String condition, String message) {
    return new Case(List.of(FIRST + "\n" + SECOND), options, condition, message);
  }

  @BeforeEach
  void anOlderOutput() throws IOException {
    Files.createDirectories(folder.resolve("world/out"));
    Files.writeString(folder.resolve("world/out/part-0.json"), "old");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void isRefusedWithNothingWritten(Case refused) {
    Map<String, String> before = Folder.contents(folder.resolve("world"));
    CommandRun run = attend(refused.files(), "--mode overwrite " + refused.options());
    assertThat(run.code()).as(run.err()).isEqualTo(3);
    assertThat(lastLine(run))
        .startsWith(
            "[" + refused.condition() + "] " + refused.message().replace("FOLDER", "" + folder));
    assertThat(Folder.contents(folder.resolve("world"))).isEqualTo(before);
  }

  /** One that is found when it is opened, indexed, summarized, attended. */
  static Stream<Case> stages() {
    return cases()
        .filter(
            refused ->
                Stream.of(
                        "the table has no column k", "sequence \"a\" ends", "q[0] is -", "k[1] is")
                    .anyMatch(refused.message()::startsWith));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("stages")
  void createsNoOutput(Case refused) throws IOException {
    Files.delete(folder.resolve("world/out/part-0.json"));
    Files.delete(folder.resolve("world/out"));
    String states =
        " --final-state " + folder + "/world/state --save-prefixes " + folder + "/world/p";
    CommandRun run = attend(refused.files(), refused.options() + states);
    assertThat(run.code()).as(run.err()).isEqualTo(3);
    assertThat(Folder.contents(folder.resolve("world"))).containsOnlyKeys("");
  }

  @Test
  void theStagesAreFour() {
    assertThat(stages()).hasSize(4);
  }

  @Test
  void numbersThatAreNotFinitePropagateWhenAsked() {
    List<String> files =
        List.of(FIRST + "\n" + row("1", "[1, NaN]", "[1, 2]", "[1e300]") + "\n" + THIRD);
    attend(files, "--on-nonfinite propagate --mode overwrite").done();
    List<Row> rows =
        TestSpark.open().read().parquet(folder + "/world/out").orderBy("pos").collectAsList();
    assertThat(rows).extracting(row -> row.<Float>getList(2).get(0)).element(0).isEqualTo(50f);
    assertThat(rows.get(1).<Float>getList(2)).containsExactly(Float.NaN);
    assertThat(rows.get(2).<Float>getList(2).get(0)).isNotEqualTo(50f);
  }

  private static String lastLine(CommandRun run) {
    return run.err().lines().filter(line -> line.startsWith("[HLA_")).findFirst().orElse(run.err());
  }

  private CommandRun attend(List<String> files, String options) {
    for (int i = 0; i < files.size(); i++) {
      JsonTokens.write(folder.resolve("in/" + i + ".json"), List.of(files.get(i)));
    }
    List<String> arguments = new ArrayList<>(List.of("attend", "--output", folder + "/world/out"));
    if (!options.contains("--input ")) {
      arguments.addAll(List.of("--input", folder + "/in"));
    }
    if (!options.contains("--input-format")) {
      arguments.addAll(List.of("--input-format", "json"));
    }
    Stream.of(options.trim().split(" +")).filter(word -> !word.isEmpty()).forEach(arguments::add);
    return CommandRun.of(arguments.toArray(String[]::new));
  }

  private static String row(String position, String q, String k, String v) {
    return String.format(
        "{\"seq\": \"a\", \"pos\": %s, \"q\": %s, \"k\": %s, \"v\": %s}", position, q, k, v);
  }
}
