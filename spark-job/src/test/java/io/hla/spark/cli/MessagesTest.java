package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.TestSpark;
import io.hla.spark.output.JobInputs;
import io.hla.spark.output.OutputTable;
import io.hla.spark.output.Publication;
import io.hla.spark.output.TableRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.WriterAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands say, wherever and however they are run. */
class MessagesTest {
  @TempDir Path folder;

  /** Germans write 0,5 and 1.000; tests and machines read 0.5 and 1,000. */
  @Test
  void numbersAreWrittenAlikeInAnyCountry() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      Path report = folder.resolve("report.json");
      String validate =
          "validate --synthetic tokens=2000,sequences=1,head-dim=2,partitions=4 --report " + report;
      CommandRun run = CommandRun.of(validate.split(" ")).done();
      assertThat(run.out())
          .containsPattern("outputs = recurrence, run by run +\\d\\.\\de[-+]\\d\\d ")
          .contains("2,000 of 2,000 tokens")
          .doesNotContainPattern("\\d,\\de[-+]");
      assertThat(new ObjectMapper().readTree(report.toFile()).get("relativeError").asDouble())
          .isPositive();
      Path tokens = folder.resolve("tokens");
      CommandRun.of(("generate --tokens 2000 --head-dim 2 --output " + tokens).split(" ")).done();
      assertThat(CommandRun.of("inspect", tokens.toString()).done().out())
          .contains("2,000 tokens in 1 sequences");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void datesAreNamedAsTheyWereWritten() {
    SparkSession spark = TestSpark.newSession();
    spark
        .range(0, 9, 1, 3)
        .selectExpr(
            "date'2024-02-29' as seq",
            "if(id > 6, id + 10, id) as pos",
            "array(1f) as q",
            "array(1f) as k",
            "array(1f) as v")
        .write()
        .parquet(folder.resolve("gap").toString());
    CommandRun run =
        CommandRun.of("attend", "--input", folder + "/gap", "--output", folder + "/out");
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err())
        .contains("[HLA_INPUT_GAP] sequence \"2024-02-29\" ends at position 6 and goes on at 17");
  }

  @Test
  void shownRowsOfDatesAreNamedAsTheyWereWritten() {
    SparkSession spark = TestSpark.newSession();
    spark
        .range(0, 4, 1, 2)
        .selectExpr(
            "date'2024-02-29' as seq",
            "id as pos",
            "array(1f) as q",
            "array(1f) as k",
            "array(1f) as v")
        .write()
        .parquet(folder.resolve("in").toString());
    CommandRun run =
        CommandRun.of(
            "attend",
            "--input",
            folder + "/in",
            "--output",
            folder + "/out",
            "--output-format",
            "json",
            "--show",
            "2");
    assertThat(run.done().out())
        .contains("first outputs of sequence \"2024-02-29\":", "pos=1  o=[3.00000]");
  }

  /** The columns of JSON are those that were written; no row is read to find them. */
  @Test
  void jsonIsReadWithItsKnownColumns() throws IOException {
    SparkSession spark = TestSpark.newSession();
    Path json = folder.resolve("a");
    try (Publication publication = new Publication(spark, told -> {})) {
      OutputTable table =
          publication.add(
              TableRequest.at("output", json.toString(), "JSON", SaveMode.ErrorIfExists));
      publication.prepare(new JobInputs(List.of(), List.of(), List.of()));
      table.stage(spark.range(2).toDF("pos"), Map.of(), Runnable::run);
      publication.publish(() -> {});
      Files.writeString(json.resolve("more.json"), "{\"x\": 1}\n");
      assertThat(table.read().columns()).containsExactly("pos");
      assertThat(spark.read().json(json.toString()).columns()).contains("x");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INFO", "DEBUG"})
  void stackTracesAreForThoseWhoDebug(String level) {
    java.io.StringWriter log = new java.io.StringWriter();
    LoggerContext context = (LoggerContext) LogManager.getContext(false);
    LoggerConfig root = context.getConfiguration().getRootLogger();
    WriterAppender appender =
        WriterAppender.newBuilder()
            .setName("test")
            .setTarget(log)
            .setLayout(PatternLayout.createDefaultLayout(context.getConfiguration()))
            .build();
    appender.start();
    root.addAppender(appender, Level.ALL, null);
    Configurator.setLevel(Main.class.getName(), Level.valueOf(level));
    try {
      CommandRun run =
          CommandRun.of("attend", "--input", "no-such-folder", "--output", folder + "/out");
      assertThat(run.code()).isEqualTo(3);
      assertThat(run.err()).contains("[HLA_INPUT_MISSING]").doesNotContain("\tat ");
      if (level.equals("DEBUG")) {
        assertThat(log.toString()).contains("InputException", "\tat io.hla.spark.cli.");
      } else {
        assertThat(log.toString()).doesNotContain("\tat io.hla.spark.cli.");
      }
    } finally {
      Configurator.setLevel(Main.class.getName(), (Level) null);
      root.removeAppender("test");
      appender.stop();
    }
  }

  @Test
  void kernelsThatAreNotThereAreBadInput() {
    List<String> words =
        List.of(
            "validate",
            "--synthetic",
            "tokens=20,sequences=1,head-dim=2",
            "--kernels",
            "native",
            "--isa",
            "sve9");
    CommandRun run = CommandRun.of(words.toArray(String[]::new));
    assertThat(run.code()).as(run.err()).isIn(2, 3);
  }

  @Test
  void collatedSequencesAreRefused() {
    SparkSession spark = TestSpark.newSession();
    spark
        .range(2)
        .selectExpr(
            "'a' collate UTF8_LCASE as seq",
            "id as pos",
            "array(1f) as q",
            "array(1f) as k",
            "array(1f) as v")
        .write()
        .parquet(folder.resolve("in").toString());
    CommandRun run =
        CommandRun.of("attend", "--input", folder + "/in", "--output", folder + "/out");
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err())
        .contains("[HLA_INPUT_TYPE] column seq is string collate UTF8_LCASE", "expected string");
  }
}
