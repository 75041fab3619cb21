package io.hla.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.JobObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What observers of a job tell people and machines. */
class ReportTest {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  @TempDir Path folder;

  @Test
  void theConsoleSaysWhatAJobDoes() {
    ConsoleReport console = console(false);
    console.phaseStarted("index", "reading positions");
    console.progress("index", 0.5);
    console.phaseEnded("index", 1);
    console.warning("the input was materialized");
    console.figure("tokens", 7);
    assertThat(lines())
        .containsExactly(
            "index            reading positions", "warning          the input was materialized");
  }

  @Test
  void theSummaryIsARowAFigure() {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("tokens", 1_234_567L);
    report.put("inputOrder", "stored");
    report.put("warnings", List.of("was said before"));
    report.put("phaseSeconds", Map.of("index", 0.125));
    report.put("seconds", 2.0);
    report.put("tokensPerSecond", 617_284L);
    console(false).summary(report);
    assertThat(lines())
        .containsExactly(
            "",
            "tokens           1,234,567",
            "inputOrder       stored",
            "time             index 0.13 s",
            "total            2.00 s",
            "speed            617,284 tokens/s");
  }

  @Test
  void aTerminalShowsTheShareThatIsDoneInItsLastLine() throws InterruptedException {
    ConsoleReport console = console(true);
    console.phaseStarted("attend", "computing");
    console.progress("attend", 0.1);
    Thread.sleep(1100);
    console.progress("index", 0.9);
    console.progress("attend", 0.424);
    console.progress("attend", 0.5);
    console.phaseEnded("attend", 1.2);
    console.progress("attend", 1);
    String shown = "attend           42% done";
    assertThat(written.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            String.format("attend           computing%n")
                + shown
                + "\r"
                + " ".repeat(shown.length())
                + "\r");
  }

  @Test
  void machinesReadFiguresPhasesAndWarnings() throws IOException {
    RunReport report = new RunReport();
    JobObserver both = Observers.of(JobObserver.NONE, report);
    both.figure("tokens", 10);
    both.figure("kernels", "java jvm");
    both.phaseStarted("again", "one");
    both.phaseEnded("again", 1.5);
    both.phaseEnded("again", 2);
    assertThat(report.toMap())
        .containsOnlyKeys("tokens", "kernels", "phaseSeconds", "seconds", "tokensPerSecond");
    both.warning("careful");
    report.writeJson(folder.resolve("new/report.json"));
    JsonNode json = new ObjectMapper().readTree(folder.resolve("new/report.json").toFile());
    assertThat(json.get("tokens").asInt()).isEqualTo(10);
    assertThat(json.get("kernels").asText()).isEqualTo("java jvm");
    assertThat(json.get("phaseSeconds").get("again").asDouble()).isEqualTo(3.5);
    assertThat(json.get("warnings").get(0).asText()).isEqualTo("careful");
    assertThat(json.get("tokensPerSecond").asLong()).isPositive();
  }

  private ConsoleReport console(boolean terminal) {
    return new ConsoleReport(new PrintStream(written, true, StandardCharsets.UTF_8), terminal);
  }

  private List<String> lines() {
    return written.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
