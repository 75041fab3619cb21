package io.hla.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import io.hla.spark.PhaseFigures;
import io.hla.spark.report.RunReport.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What observers of a job tell people and machines. */
class ReportTest {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private long nanoseconds;

  @Test
  void theConsoleSaysWhatAJobDoes() {
    ConsoleReport console = console(false);
    console.phaseStarted("index", "reading positions");
    console.progress("index", 0.5);
    console.phaseEnded(PhaseFigures.of("index", "reading positions", 1));
    console.warning("the input was materialized");
    console.figure(Figure.TOKENS, 7);
    assertThat(lines())
        .containsExactly(
            "index            reading positions", "warning          the input was materialized");
  }

  @Test
  void theSummarySaysTheFactsInWords() {
    RunReport report = stored();
    report.ended(Status.DONE);
    console(false).summary(report);
    assertThat(lines())
        .startsWith(
            "",
            "tokens           1,234,567 tokens in 1 sequence",
            "rows             stored",
            "runs             40 runs in 7 partitions",
            "scan             on the driver, 2 levels of fan-in 16: 39 combines, 38 advances;"
                + " 1.2 MB of summaries and 0 B of states moved",
            "kernels          native avx2",
            "output           file:/out",
            "time             index 3 s, attend 4 s")
        .last()
        .asString()
        .matches("total +.* s, [0-9,]+ tokens/s");
  }

  @Test
  void theSummarySaysWhyTokensAreSorted() {
    RunReport report = new RunReport("attend", Map.of());
    report.figure(Figure.TOKENS, 1_000_000L);
    report.figure(Figure.PARTITIONS, 3);
    report.figure(Figure.INPUT_ORDER, "sorted");
    report.figure(Figure.SORTED_BECAUSE, "so many runs cost more to scan than to sort");
    report.figure(Figure.RUNS_IF_STORED, 900_000L);
    report.figure(Figure.LEAST_RUNS, 62L);
    report.figure(Figure.CONTINUED_SEQUENCES, 5L);
    report.figure(Figure.NEW_SEQUENCES, 1L);
    report.figure(Figure.UNTOUCHED_STATES, 2L);
    console(false).summary(report);
    assertThat(lines())
        .contains(
            "rows             sorted: so many runs cost more to scan than to sort",
            "runs             at least 62 behind the sort; 900,000 in 3 partitions as the rows are",
            "states           5 continued, 1 new, 2 carried over without tokens");
  }

  @Test
  void aTerminalShowsTheShareThatIsDoneInItsLastLine() {
    ConsoleReport console = console(true);
    console.phaseStarted("scan", "computing");
    console.progress("scan", 0.1);
    nanoseconds += 1_100_000_000L;
    console.progress("index", 0.9);
    console.progress("scan", 0.5);
    console.progress("scan", 0.6);
    console.phaseEnded(PhaseFigures.of("scan", "computing", 1.2));
    console.progress("scan", 1);
    String shown = "scan             50% done, 1 s left";
    assertThat(written.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            String.format("scan             computing%n")
                + shown
                + "\r"
                + " ".repeat(shown.length())
                + "\r");
  }

  @Test
  void progressOverTokensSaysHowFastTheyGo() {
    ConsoleReport console = console(true);
    console.figure(Figure.TOKENS, 4_000_000L);
    console.phaseStarted("attend", "computing");
    nanoseconds += 1_100_000_000L;
    console.progress("attend", 0.01);
    assertThat(written.toString(StandardCharsets.UTF_8))
        .contains("1% done, 36,364 tokens/s, 2 min left");
  }

  @Test
  void machinesReadOneReport() throws IOException {
    RunReport report = stored();
    JobObserver both = Observers.of(JobObserver.NONE, report);
    both.warning("careful");
    report.settings(Map.of("num-kv-heads", "2"));
    report.input(Map.of("paths", List.of("a", "b")));
    report.failed("HLA_INPUT_GAP", "12 tokens are missing");
    JsonNode json = new ObjectMapper().readTree(report.json());
    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly(
            "version",
            "job",
            "settings",
            "input",
            "plan",
            "phases",
            "output",
            "accuracy",
            "warnings",
            "error");
    assertThat(json.get("version").asInt()).isEqualTo(1);
    assertThat(json.at("/job/command").asText()).isEqualTo("attend");
    assertThat(json.at("/job/status").asText()).isEqualTo("refused");
    assertThat(json.at("/job/tokensPerSecond").asLong()).isPositive();
    assertThat(json.at("/settings/numKvHeads").asText()).isEqualTo("2");
    assertThat(json.at("/input/paths/1").asText()).isEqualTo("b");
    assertThat(json.at("/input/tokens").asInt()).isEqualTo(1_234_567);
    assertThat(json.at("/plan/summaryBytesMoved").asInt()).isEqualTo(1_200_000);
    assertThat(json.at("/phases/0/name").asText()).isEqualTo("index");
    assertThat(json.at("/phases/2/longestTaskSeconds").asDouble()).isEqualTo(1.5);
    assertThat(json.at("/warnings/0").asText()).isEqualTo("careful");
    assertThat(json.at("/error/condition").asText()).isEqualTo("HLA_INPUT_GAP");
    assertThat(json.at("/error/message").asText()).isEqualTo("12 tokens are missing");
    assertThat(report.phaseSeconds())
        .containsExactly(Map.entry("index", 3.0), Map.entry("attend", 4.0));
  }

  @Test
  void namesOfFiguresAreOfOneStyle() {
    for (Figure figure : Figure.values()) {
      assertThat(figure.key()).matches("[a-z]+([A-Z][a-z]+)*");
    }
    assertThat(Figure.SUMMARY_BYTES_MOVED.key()).isEqualTo("summaryBytesMoved");
    assertThat(Figure.SUMMARY_BYTES_MOVED.words()).isEqualTo("summary bytes moved");
  }

  private static RunReport stored() {
    RunReport report = new RunReport("attend", Map.of("master", "local[2]"));
    report.figure(Figure.TOKENS, 1_234_567L);
    report.figure(Figure.SEQUENCES, 1);
    report.figure(Figure.INPUT_ORDER, "stored");
    report.figure(Figure.RUNS, 40L);
    report.figure(Figure.PARTITIONS, 7);
    report.figure(Figure.SCANNED_ON, "driver");
    report.figure(Figure.FAN_IN, 16);
    report.figure(Figure.SCAN_LEVELS, 2);
    report.figure(Figure.COMBINES, 39L);
    report.figure(Figure.ADVANCES, 38L);
    report.figure(Figure.SUMMARY_BYTES_MOVED, 1_200_000L);
    report.figure(Figure.STATE_BYTES_MOVED, 0L);
    report.figure(Figure.KERNELS, "native avx2");
    report.figure(Figure.OUTPUT, "file:/out");
    report.phaseEnded(PhaseFigures.of("index", "reading positions", 1));
    report.phaseEnded(PhaseFigures.of("attend", "computing", 4));
    report.phaseEnded(new PhaseFigures("index", "again", 2, 3, 1, 2.5, 0.5, 1.5, 7, 8, 9));
    return report;
  }

  private ConsoleReport console(boolean terminal) {
    return new ConsoleReport(
        new PrintStream(written, true, StandardCharsets.UTF_8), terminal, () -> nanoseconds);
  }

  private List<String> lines() {
    return written.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
