package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.spark.LakeSpark;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands on tables of Delta and Iceberg, by name. */
@Timeout(600)
@DisabledIf(
    value = "io.hla.spark.LakeSpark#isMissing",
    disabledReason = "Iceberg has no release for Spark 4.2")
class LakeCommandTest {
  private static final long SEED = 6;
  private static final int TOKENS = 12;
  private static final int CUT = 7;
  private static final TokenStream STREAM =
      TokenStream.integers(
          AttentionSettings.builder(3, 2).precision(Precision.FLOAT64).build(), TOKENS, SEED);

  @TempDir static Path folder;
  private static SparkSession spark;

  @BeforeAll
  static void open() {
    spark = LakeSpark.open(folder);
    spark
        .createDataFrame(STREAM.rows("s", 0), TokenStream.SCHEMA)
        .createOrReplaceTempView("tokens");
  }

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  /** Columns: prefix of names, and options of tables that are made. */
  @ParameterizedTest
  @CsvSource({"default.d_, --output-format delta", "ice.db.t_, ''"})
  void tablesAreMadeAddedToAndReplaced(String prefix, String format) {
    String using = format.isEmpty() ? "iceberg" : "delta";
    spark.sql("CREATE TABLE " + prefix + "in USING " + using + " AS SELECT * FROM tokens");
    String read = "--input-table " + prefix + "in ";
    String out = "--output-table " + prefix + "out " + format;
    String states = " --final-state-table " + prefix + "state ";
    attend(read + "--where pos<7 --partition-by seq --run-id 1 " + out + states).done();
    assertThat(spark.table(prefix + "out").count()).isEqualTo(CUT);
    String second =
        read + "--where pos>=7 --initial-state-table " + prefix + "state --mode append --run-id 2 ";
    // As if the first command had been killed between its two commits.
    attend(second + out).done();
    assertThat(attend(second + out + states).done().err()).contains("not written: run 2 is in");
    check(prefix);
    assertThat(attend(second + out + states).done().out()).contains("nothing to do", "run 2 is in");
    check(prefix);
    assertThat(attend(read + "--mode ignore " + out).done().out()).contains("nothing to do");
    refused(attend(read + out), "HLA_OUTPUT_EXISTS");
    refused(
        attend(read + "--mode overwrite --output-table " + prefix + "in"), "HLA_OUTPUT_IN_INPUT");
    long versions = versions(prefix + "out", using);
    attend(read + "--where pos<7 --mode overwrite " + out).done();
    assertThat(spark.table(prefix + "out").count()).isEqualTo(CUT);
    // The earlier versions are still there: the table was never dropped.
    assertThat(versions(prefix + "out", using)).isEqualTo(versions + 1);
    refused(attend(read + "--mode append --output-col p " + out), "HLA_OUTPUT_TABLE");
    assertThat(spark.table(prefix + "out").count()).isEqualTo(CUT);
  }

  private static long versions(String table, String using) {
    return using.equals("delta")
        ? spark.sql("DESCRIBE HISTORY " + table).count()
        : spark.table(table + ".snapshots").count();
  }

  private static void check(String prefix) {
    assertThat(outputs(spark.table(prefix + "out")))
        .as("seed %d", SEED)
        .isEqualTo(STREAM.outputs());
    assertThat(spark.table(prefix + "state").select("next_pos").collectAsList())
        .singleElement()
        .extracting(row -> row.getLong(0))
        .isEqualTo((long) TOKENS);
  }

  @Test
  void aDeltaFolderIsWrittenByCommitsOfDelta() {
    String out = "--output delta-folder --output-format delta ";
    attend("--input-table tokens --where pos<7 --final-state state " + out).done();
    String second =
        "--input-table tokens --where pos>=7 --initial-state state --final-state state"
            + " --mode append --run-id 2 ";
    attend(second + out).done();
    Dataset<Row> written = spark.read().format("delta").load(folder + "/delta-folder");
    assertThat(outputs(written)).isEqualTo(STREAM.outputs());
    assertThat(attend(second + out).done().out()).contains("nothing to do");
    attend("--input-table tokens --mode overwrite " + out).done();
    assertThat(spark.sql("DESCRIBE HISTORY delta.`" + folder + "/delta-folder`").count())
        .isEqualTo(3);
  }

  /** Tables of files beside those of Delta, in one catalog. */
  @Test
  void filesInTheCatalogOfDeltaAreFiles() {
    attend("--input-table tokens --where pos<7 --output-table files").done();
    attend("--input-table tokens --mode overwrite --output-table files").done();
    assertThat(outputs(spark.table("files"))).isEqualTo(STREAM.outputs());
    assertThat(spark.sql("DESCRIBE EXTENDED files").where("data_type = 'parquet'").count())
        .isEqualTo(1);
  }

  private static void refused(CommandRun run, String condition) {
    assertThat(run.code()).as(run.err()).isEqualTo(3);
    assertThat(run.err()).contains("[" + condition);
  }

  private static double[] outputs(Dataset<Row> table) {
    return TestJob.bySequence(table).get("s");
  }

  private static CommandRun attend(String command) {
    List<String> arguments =
        new ArrayList<>(List.of("attend", "--precision", "float64", "--output-type", "double"));
    String option = "";
    for (String word : command.split(" +")) {
      boolean path = List.of("--output", "--final-state", "--initial-state").contains(option);
      arguments.add(path ? folder.resolve(word).toString() : word);
      option = word;
    }
    return CommandRun.of(arguments.toArray(String[]::new));
  }
}
