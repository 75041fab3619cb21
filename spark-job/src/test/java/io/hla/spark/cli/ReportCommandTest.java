package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports of commands, however these end. */
class ReportCommandTest {
  @TempDir Path folder;

  @BeforeEach
  void makeTokens() {
    run("generate --tokens 3000 --sequences 3 --num-heads 2 --head-dim 8 --partitions 4 --output in")
        .done();
  }

  @Test
  void saysWhatWasAskedForFoundAndDone() throws IOException {
    run("attend --input in --output out --num-heads 2 --decay 0.9 --report r.json").done();
    JsonNode report = report();
    assertThat(report.at("/job/status").asText()).isEqualTo("done");
    assertThat(report.at("/job/application").asText()).isNotEmpty();
    assertThat(report.at("/job/spark").asText()).startsWith("4.");
    assertThat(report.at("/settings/operator").asText()).isEqualTo("hla2");
    assertThat(report.at("/settings/numHeads").asText()).isEqualTo("2");
    assertThat(report.at("/settings/outputType").asText()).isEqualTo("float");
    assertThat(report.at("/input/paths/0").asText()).endsWith("/in");
    assertThat(report.at("/input/fileBytes").asLong()).isPositive();
    assertThat(report.at("/output/output").asText()).endsWith("/out");
    assertThat(report.at("/error").isNull()).isTrue();
    JsonNode attend = phase(report, "attend");
    assertThat(attend.get("tasks").asInt()).isPositive();
    assertThat(attend.get("taskSeconds").asDouble())
        .isGreaterThanOrEqualTo(attend.get("longestTaskSeconds").asDouble());
    assertThat(attend.get("bytesWritten").asLong()).isGreaterThan(3000 * 16 * 4);
    assertThat(phase(report, "index").get("bytesRead").asLong()).isPositive();
    assertThat(attend.get("bytesRead").asLong()).isGreaterThan(3000 * 48 * 4);
    assertThat(folder.resolve(".r.json.crc")).doesNotExist();
  }

  @Test
  void isWrittenWhenTheInputIsRefused() throws IOException {
    TestSpark.open()
        .read()
        .parquet(folder + "/in")
        .where("pos <> 5")
        .write()
        .parquet(folder + "/gap");
    CommandRun refused = run("attend --input gap --output out --num-heads 2 --report r.json");
    assertThat(refused.code()).isEqualTo(3);
    JsonNode report = report();
    assertThat(report.at("/job/status").asText()).isEqualTo("refused");
    assertThat(report.at("/error/condition").asText()).isEqualTo("HLA_INPUT_GAP");
    assertThat(refused.err()).contains(report.at("/error/message").asText());
    assertThat(report.at("/phases").findValuesAsText("name")).contains("index");
  }

  @Test
  void isWrittenWhenThereIsNothingToDo() throws IOException {
    run("attend --input in --output out --num-heads 2").done();
    run("attend --input in --output out --num-heads 2 --mode ignore --report r.json").done();
    assertThat(report().at("/job/status").asText()).isEqualTo("skipped");
  }

  @Test
  void aFileThatCannotBeWrittenIsRefusedBeforeTheWork() throws IOException {
    Files.writeString(folder.resolve("file"), "no folder");
    CommandRun refused =
        run("attend --input in --output out --num-heads 2 --report file/below/r.json");
    assertThat(refused.code()).isEqualTo(3);
    assertThat(refused.err()).contains("[HLA_REPORT_PATH]").doesNotContain("index");
    assertThat(folder.resolve("out")).doesNotExist();
    CommandRun nowhere =
        CommandRun.of(
            "attend",
            "--input",
            folder + "/in",
            "--output",
            folder + "/out",
            "--report",
            "no://x/r");
    assertThat(nowhere.err()).contains("[HLA_REPORT_PATH]");
  }

  @Test
  void isAPageForPeople() throws IOException {
    run("attend --input in --output out --num-heads 2 --decay 0.9 --report r.html").done();
    assertThat(folder.resolve("r.html"))
        .content()
        .contains("\u2714 Done.", "3,000 tokens in 3 sequences", "svg id=\"phases\"")
        .contains("svg id=\"norms\"", "<p>sequence &quot;0&quot;, 64 positions", "hla2")
        .contains("<td>summarize<br>", "summary bytes moved")
        .doesNotContain("<script", "http:", "https:", "NaN");
    run("attend --input nowhere --output other --report r.html");
    assertThat(folder.resolve("r.html"))
        .content()
        .contains("\u2718 Refused", "HLA_INPUT_MISSING")
        .doesNotContain("svg id=\"norms\"");
  }

  @Test
  void statesAreCountedAndMayBeRequired() throws IOException {
    run("attend --input in --output out --num-heads 2 --final-state states").done();
    TestSpark.open()
        .read()
        .parquet(folder + "/in")
        .where("seq <> 0")
        .selectExpr(
            "if(seq = 2, 7, seq) as seq", "pos + if(seq = 2, 0, 1000) as pos", "q", "k", "v")
        .write()
        .parquet(folder + "/more");
    String line = "attend --input more --num-heads 2 --initial-state states --report r.json";
    CommandRun counted = run(line + " --output out2").done();
    assertThat(counted.err()).contains("1 continued, 1 new, 2 carried over without tokens");
    JsonNode report = report();
    assertThat(report.at("/input/continuedSequences").asLong()).isEqualTo(1);
    assertThat(report.at("/input/newSequences").asLong()).isEqualTo(1);
    assertThat(report.at("/input/untouchedStates").asLong()).isEqualTo(2);
    CommandRun required = run(line + " --output out3 --require-state");
    assertThat(required.code()).isEqualTo(3);
    assertThat(required.err())
        .contains("[HLA_STATE_REQUIRED] 1 of 2 sequences have no initial state")
        .contains("sequence \"7\"");
    assertThat(folder.resolve("out3")).doesNotExist();
    assertThat(run("attend --input in --output out3 --require-state").code()).isEqualTo(2);
  }

  private static JsonNode phase(JsonNode report, String name) {
    for (JsonNode phase : report.get("phases")) {
      if (phase.get("name").asText().equals(name)) {
        return phase;
      }
    }
    throw new AssertionError("no phase " + name);
  }

  private JsonNode report() throws IOException {
    return new ObjectMapper().readTree(folder.resolve("r.json").toFile());
  }

  private CommandRun run(String line) {
    return CommandRun.of(
        line.replaceAll(
                "(--(?:input|output|initial-state|final-state|report)) ", "$1 " + folder + "/")
            .split(" "));
  }
}
