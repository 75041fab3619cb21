package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.kernels.KernelId;
import io.hla.spark.TestSpark;
import io.hla.spark.output.JobInputs;
import io.hla.spark.output.OutputTable;
import io.hla.spark.output.Publication;
import io.hla.spark.output.TableRequest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.WriterAppender;
import org.apache.logging.log4j.core.config.Configuration;
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
          "validate --synthetic tokens=1200,sequences=1,head-dim=2,partitions=4 --report " + report;
      CommandRun run = CommandRun.of(validate.split(" ")).done();
      assertThat(run.out())
          .containsPattern("states = recurrence, run by run +\\d\\.\\de[-+]\\d\\d ")
          .contains("1,200 of 1,200 tokens")
          .doesNotContainPattern("\\d,\\de[-+]");
      assertThat(
              new ObjectMapper().readTree(report.toFile()).at("/accuracy/relativeError").asDouble())
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
    StringWriter log = new StringWriter();
    LoggerContext context = (LoggerContext) LogManager.getContext(false);
    Configuration configuration = context.getConfiguration();
    WriterAppender appender =
        WriterAppender.newBuilder()
            .setName("test")
            .setTarget(log)
            .setLayout(PatternLayout.createDefaultLayout(configuration))
            .build();
    appender.start();
    LoggerConfig logger = new LoggerConfig(Main.class.getName(), Level.valueOf(level), false);
    logger.addAppender(appender, Level.ALL, null);
    configuration.addLogger(Main.class.getName(), logger);
    context.updateLoggers();
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
      configuration.removeLogger(Main.class.getName());
      context.updateLoggers();
      appender.stop();
    }
  }

  @Test
  void kernelsThatAreNotThereAreRefusedAsInputIs() {
    KernelId elsewhere = new KernelId("native", "baseline", "another-machine");
    Exception failure =
        new RuntimeException("a task failed", catchThrowable(() -> elsewhere.open()));
    StringWriter err = new StringWriter();
    assertThat(Main.report(failure, new PrintWriter(err, true))).isEqualTo(3);
    assertThat(err.toString()).matches("\\[HLA_(KERNELS|NATIVE)_UNAVAILABLE\\] .*\\R");
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
