package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Inputs and outputs of attend: what is read of a table, what is written, and where. */
class TablesCommandTest {
  private static final long SEED = 5;
  private static final int TOKENS = 12;
  private static final int CUT = 7;

  private final TokenStream stream =
      TokenStream.integers(
          AttentionSettings.builder(3, 2).precision(Precision.FLOAT64).build(), TOKENS, SEED);
  private final SparkSession spark = TestSpark.newSession();

  @TempDir Path folder;

  @BeforeEach
  void tokens() {
    List<Row> rows = stream.rows("s", 0);
    write(rows, "all");
    write(rows.subList(0, CUT), "first");
    write(rows.subList(CUT, TOKENS), "second");
  }

  private void write(List<Row> rows, String name) {
    spark.createDataFrame(rows, TokenStream.SCHEMA).repartition(1).write().parquet(at(name));
  }

  // --- What is written together -----------------------------------------------------------------

  /** Outputs grow, and states stand behind all of them, in one command. */
  @Test
  void outputsAreAppendedAndStatesAdvancedTogether() {
    attend("--input first --output out --final-state state --save-prefixes prefixes").done();
    String second =
        "--input second --output out --initial-state state --final-state state"
            + " --save-prefixes prefixes --mode append";
    attend(second).done();
    assertThat(outputs(read("out"))).as("seed %d", SEED).isEqualTo(stream.outputs());
    assertThat(read("state").select("next_pos").collectAsList())
        .singleElement()
        .extracting(row -> row.getLong(0))
        .isEqualTo((long) TOKENS);
    assertThat(read("prefixes").count()).isEqualTo(2);
    Map<String, String> before = Folder.contents(folder);
    // The states are ahead now, and nothing is written twice.
    refused(attend(second), "HLA_STATE_POSITION");
    assertThat(Folder.contents(folder)).isEqualTo(before);
    // States elsewhere must be new: a table of states never holds two of a sequence.
    refused(
        attend("--input all --output out --final-state state --mode append"), "HLA_OUTPUT_EXISTS");
  }

  @Test
  void aRunIsWrittenOnce() {
    attend("--input first --output out --final-state state --run-id monday").done();
    String tuesday =
        "--input second --output out --initial-state state --final-state state --mode append"
            + " --run-id tuesday";
    attend(tuesday).done();
    Map<String, String> before = Folder.contents(folder);
    CommandRun again = attend(tuesday).done();
    assertThat(again.out()).contains("nothing to do", "run tuesday is in --output");
    assertThat(Folder.contents(folder)).isEqualTo(before);
    assertThat(outputs(read("out"))).as("seed %d", SEED).isEqualTo(stream.outputs());
    // The first run is still known to the output.
    attend("--input first --output out --run-id monday --mode append").done();
    assertThat(Folder.contents(folder)).isEqualTo(before);
  }

  @Test
  void ignoreLooksAtEveryTableByItself() {
    attend("--input first --output out").done();
    Map<String, String> before = Folder.contents(folder.resolve("out"));
    CommandRun run = attend("--input all --output out --final-state state --mode ignore").done();
    assertThat(run.err()).contains("not written: --output", "the mode is ignore");
    assertThat(read("state").head().getLong(1)).isEqualTo(TOKENS);
    run = attend("--input first --output new --final-state state --mode ignore").done();
    assertThat(run.err()).contains("not written: --final-state");
    assertThat(read("new").count()).isEqualTo(CUT);
    assertThat(read("state").head().getLong(1)).isEqualTo(TOKENS);
    run = attend("--input all --output out --final-state state --mode ignore").done();
    assertThat(run.out()).contains("nothing to do");
    assertThat(Folder.contents(folder.resolve("out"))).isEqualTo(before);
  }

  // --- What must not be written over ------------------------------------------------------------

  /** Whatever leads to an input, it stays as it is. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--input link                                   | all",
        "--input all                                    | link",
        "--input all                                    | link/new",
        "--input deep/linked                            | all",
        "--input files                                  | all",
        "--input first --initial-state link-to-state    | state",
        "--input first --initial-state state            | link-to-state/new",
      })
  void inputsAreKnownWhateverTheyAreCalled(String input, String output) throws IOException {
    attend("--input all --output o --final-state state").done();
    Files.createDirectory(folder.resolve("deep"));
    Files.createDirectory(folder.resolve("files"));
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("all"));
    Files.createSymbolicLink(folder.resolve("deep/linked"), folder.resolve("all"));
    Files.createSymbolicLink(folder.resolve("link-to-state"), folder.resolve("state"));
    for (Path file : parts("all")) {
      Files.createSymbolicLink(folder.resolve("files").resolve(file.getFileName()), file);
    }
    Map<String, String> before = Folder.contents(folder.resolve("all"));
    refused(attend(input + " --output " + output + " --mode overwrite"), "HLA_OUTPUT_IN_INPUT");
    assertThat(Folder.contents(folder.resolve("all"))).isEqualTo(before);
  }

  /** In-place states are found in place whatever they are called. */
  @Test
  void statesInPlaceAreKnownWhateverTheyAreCalled() throws IOException {
    attend("--input first --output out --final-state state").done();
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("state"));
    attend("--input second --output out --initial-state link --final-state state --mode append")
        .done();
    assertThat(outputs(read("out"))).as("seed %d", SEED).isEqualTo(stream.outputs());
    assertThat(read("link").head().getLong(1)).isEqualTo(TOKENS);
    assertThat(folder.resolve("link")).isSymbolicLink();
  }

  @ParameterizedTest
  @ValueSource(strings = {"model", "text", "model/vocab.txt", "."})
  void modelsAndTextsAreInputs(String output) throws IOException {
    Path data = Path.of("..", "data");
    Path model = Files.createDirectory(folder.resolve("model"));
    Files.copy(data.resolve("glove-moby-100d.safetensors"), model.resolve("m.safetensors"));
    Files.copy(data.resolve("vocab.txt"), model.resolve("vocab.txt"));
    Files.writeString(Files.createDirectory(folder.resolve("text")).resolve("t.txt"), "Call me");
    refused(
        attend(
            "--text text/t.txt --model model/m.safetensors --vocab model/vocab.txt --num-heads 4"
                + " --mode overwrite --output "
                + output),
        "HLA_OUTPUT_IN_INPUT");
    assertThat(model.resolve("m.safetensors")).exists();
  }

  // --- What is read -----------------------------------------------------------------------------

  @Test
  void rowsAreChosen() {
    attend("--input all --output out --where", "pos < 3 OR q[0] IS NULL").done();
    assertThat(outputs(read("out"))).isEqualTo(stream.slice(0, 3).outputs());
    refused(attend("--input all --output x --where", "pos != 4"), "HLA_INPUT_GAP");
    refused(attend("--input all --output x --where", "nobody = 4"), "HLA_INPUT_WHERE");
    refused(attend("--input all --output x --where", "pos <"), "HLA_INPUT_WHERE");
    refused(attend("--input all --output x --where", "pos + 1"), "HLA_INPUT_WHERE");
  }

  @Test
  void columnsAreFieldsAndExpressions() {
    read("all")
        .selectExpr(
            "named_struct('doc', seq, 'q', q, 'w', pos * 2) as emb",
            "pos - 5 as at",
            "transform(k, x -> x / 2) as k",
            "v as `v.1`",
            "'other' as doc")
        .write()
        .parquet(at("nested"));
    attend(
            "--input nested --output out --seq-col emb.doc --query-col emb.q --value-col v.1",
            "--pos-col",
            "at + 5 AS pos",
            "--key-col",
            "transform(k, x -> x * 2)",
            "--keep",
            "at,concat(emb.doc, ',', 'x') as tag,emb.w")
        .done();
    Dataset<Row> written = read("out");
    assertThat(written.columns()).containsExactly("doc", "pos", "o", "at", "tag", "w");
    assertThat(outputs(written.withColumnRenamed("doc", "seq"))).isEqualTo(stream.outputs());
    Row third = written.where("pos = 2").head();
    assertThat(third.getLong(3)).isEqualTo(-3);
    assertThat(third.getString(4)).isEqualTo("s,x");
    assertThat(third.getLong(5)).isEqualTo(4);
    refused(attend("--input nested --output x --query-col emb.z"), "HLA_INPUT_COLUMN");
    refused(attend("--input nested --output x --query-col", "emb.q +"), "HLA_INPUT_COLUMN");
    refused(attend("--input nested --output x --query-col emb.*"), "HLA_INPUT_COLUMN");
  }

  @Test
  void readersHaveOptions() throws IOException {
    List<String> lines = new ArrayList<>(JsonTokens.lines(stream, "s", 0));
    lines.replaceAll(line -> "/* a token */ " + line);
    JsonTokens.write(folder.resolve("odd.json"), lines);
    String command = "--input odd.json --input-format json --output out";
    refused(attend(command), "HLA_INPUT_MALFORMED");
    attend(command + " --input-option allowComments=true --input-option mode=FAILFAST").done();
    assertThat(outputs(read("out"))).isEqualTo(stream.outputs());
  }

  @Test
  void outputsArePartitioned() {
    attend("--input first --output out --partition-by seq --final-state state --show 2").done();
    assertThat(folder.resolve("out/seq=s")).isDirectory();
    attend("--input second --output out --partition-by seq --initial-state state --mode append")
        .done();
    assertThat(outputs(read("out"))).isEqualTo(stream.outputs());
    refused(attend("--input all --output out --mode append"), "HLA_OUTPUT_COLUMN");
    refused(attend("--input all --output x --partition-by day"), "HLA_OUTPUT_COLUMN");
  }

  // --- Names ------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(strings = {"", "--partition-by seq", "--output-format orc --partition-by seq"})
  void tablesOfTheSessionCatalog(String options) {
    sql("CREATE DATABASE d LOCATION '" + at("warehouse") + "'");
    sql("CREATE OR REPLACE TEMP VIEW firsts AS SELECT * FROM parquet.`" + at("first") + "`");
    sql("CREATE OR REPLACE TEMP VIEW seconds AS SELECT * FROM parquet.`" + at("second") + "`");
    String names =
        " --output-table d.outs --final-state-table d.states --save-prefixes-table d.pre ";
    attend("--input-table firsts --run-id 1" + names + options).done();
    String second = "--input-table seconds --initial-state-table d.states --run-id 2";
    attend(second + names + "--mode append").done();
    SparkSession open = TestSpark.open();
    assertThat(outputs(open.table("d.outs"))).as("seed %d", SEED).isEqualTo(stream.outputs());
    assertThat(open.table("d.states").select("next_pos").head().getLong(0)).isEqualTo(TOKENS);
    assertThat(open.table("d.pre").count()).isEqualTo(2);
    assertThat(attend(second + names + "--mode append").done().out()).contains("nothing to do");
    // Managed tables: with the table go its files.
    attend("--input-table firsts --mode overwrite --output-table spark_catalog.d.outs").done();
    assertThat(open.table("d.outs").count()).isEqualTo(CUT);
    attend("--input-table firsts --output x --prefixes-table d.pre --range s:2-4").done();
    assertThat(outputs(read("x"))).isEqualTo(java.util.Arrays.copyOfRange(stream.outputs(), 4, 10));
    refused(attend("--input-table firsts --output-table d.outs"), "HLA_OUTPUT_EXISTS");
    refused(
        attend("--input-table firsts --output-table d.outs --mode append --output-col p"),
        "HLA_OUTPUT_COLUMN");
    refused(
        attend("--input-table d.pre --output-table d.pre --mode overwrite"), "HLA_OUTPUT_IN_INPUT");
    sql("DROP TABLE d.outs");
    assertThat(folder.resolve("warehouse/outs")).doesNotExist();
    sql("DROP DATABASE d CASCADE");
  }

  @Test
  void namesThatCannotBeAreRefused() {
    sql("CREATE OR REPLACE VIEW seen AS SELECT 1 AS pos");
    refused(attend("--input-table nobody --output x"), "HLA_INPUT_MISSING");
    refused(attend("--input-table nowhere.else.nobody --output x"), "HLA_INPUT_");
    refused(attend("--input-table a..b --output x"), "HLA_INPUT_TABLE");
    refused(attend("--input all --output-table nowhere.t"), "HLA_OUTPUT_TABLE");
    refused(attend("--input all --output-table nowhere.db.t"), "HLA_OUTPUT_TABLE");
    refused(attend("--input all --output-table a..b"), "HLA_OUTPUT_TABLE");
    refused(attend("--input all --output-table seen --mode overwrite"), "HLA_OUTPUT_TABLE");
    refused(attend("--input all --output x --initial-state-table nobody"), "HLA_STATE_MISSING");
    sql("DROP VIEW seen");
  }

  private static void refused(CommandRun run, String condition) {
    assertThat(run.code()).as(run.err()).isEqualTo(3);
    assertThat(run.err()).contains("[" + condition);
  }

  private static void sql(String... statements) {
    for (String statement : statements) {
      TestSpark.open().sql(statement);
    }
  }

  private static double[] outputs(Dataset<Row> table) {
    return TestJob.bySequence(table).get("s");
  }

  private Dataset<Row> read(String name) {
    return spark.read().parquet(at(name));
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private List<Path> parts(String name) throws IOException {
    try (java.util.stream.Stream<Path> files = Files.list(folder.resolve(name))) {
      return files.filter(file -> file.toString().endsWith(".parquet")).toList();
    }
  }

  /** A command whose paths lie in the folder, with outputs in double. */
  private CommandRun attend(String command, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("attend", "--precision", "float64", "--output-type", "double"));
    String option = "";
    for (String word : command.split(" +")) {
      boolean path =
          List.of(
                  "--input",
                  "--output",
                  "--final-state",
                  "--initial-state",
                  "--save-prefixes",
                  "--text",
                  "--model",
                  "--vocab")
              .contains(option);
      arguments.add(path ? at(word) : word);
      option = word;
    }
    arguments.addAll(List.of(more));
    return CommandRun.of(arguments.toArray(String[]::new));
  }
}
