package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The validate command as users run it. */
class ValidateCommandTest {
  private static final String TOKENS = "tokens=900,sequences=2,head-dim=4,value-dim=3,partitions=7";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--operator hla2 --decay 0.9 --num-heads 2 --num-kv-heads 1",
        "--operator hla3 --form published --precision float64",
        "--operator ahla --normalize --feature-map elu1 --kernels java --fan-in 2",
        "--num-heads 2 --num-kv-heads 1 --normalize --feature-map relu"
      })
  void holds(String options) throws IOException {
    Path report = folder.resolve("report.json");
    Path page = folder.resolve("page.html");
    String[] words =
        ("validate --synthetic "
                + TOKENS
                + " --report "
                + report
                + " --html "
                + page
                + " "
                + options)
            .split(" ");
    CommandRun run = CommandRun.of(words).done();
    assertThat(run.out())
        .contains("The scan is the recurrence on this input.")
        .containsPattern("outputs = recurrence, run by run .* holds .* of .* tokens")
        .containsPattern("states = recurrence, run by run .* holds")
        .containsPattern("planted: an output changed in its last place .* caught")
        .containsPattern("planted: a run without the state in front .* caught")
        .containsPattern("planted: the decay of another head .* caught")
        .containsPattern("planted: the state of the run before .* caught")
        .containsPattern("planted: two runs swapped .* caught")
        .containsPattern("planted: a summary left out .* caught")
        .containsPattern("planted: summaries in the wrong order .* caught")
        .containsPattern("paper's 4.2 as printed .* caught")
        .containsPattern("paper's 6.2 as printed .* caught")
        .containsPattern("flipped bit in a summary .* caught")
        .containsPattern("integer stream is exact +0 +0 +holds");
    JsonNode json = new ObjectMapper().readTree(report.toFile());
    assertThat(json.at("/accuracy/verdict").asText()).isEqualTo("holds");
    assertThat(json.at("/accuracy/checks")).hasSizeGreaterThan(14);
    assertThat(Files.readString(page))
        .contains("It is, on this input")
        .contains("<circle")
        .doesNotContain("http:", "https:", "<script");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--operator|hla4|--decay|0.9|--precision|float64",
        "--operator|ahla3|--gate-col|g|--precision|float64|--output-type|double",
        "--gate-col|g|--gate-scale|log|--num-heads|2",
        "--program|w = LA<(LA(q, k, k), q, v); o = LA(q, k, w)|--decay|0.9|--precision|float64",
        "--program|w = LA<(LA(q, k, k), q, v); o = 0.3 * LA(q, k, w)|--gate-col|g"
      })
  void holdsForOtherProgramsAndGates(String options) {
    String line = "validate|--synthetic|" + TOKENS + "|" + options;
    CommandRun run = CommandRun.of(line.split("\\|")).done();
    assertThat(run.out())
        .contains("The scan is the recurrence on this input.")
        .containsPattern("outputs = dense definition .* holds")
        .containsPattern("outputs = recurrence, run by run .* holds .* of .* tokens")
        .containsPattern("states = recurrence, run by run .* holds")
        .containsPattern("planted: a run without the state in front .* caught")
        .containsPattern(
            options.contains("0.3")
                ? "integer stream is exact +- +- +absent"
                : "integer stream is exact +0 +0 +holds")
        .containsPattern(
            options.contains("LA<")
                ? "associativity, scan step 2 .* holds"
                : "associativity.* holds");
  }

  @Test
  void aShareOfTheRunsIsProvedAndSaid() {
    String line = "validate --synthetic tokens=4000,sequences=1,head-dim=2,partitions=8 --sample ";
    CommandRun run = CommandRun.of((line + "0.4 --sample-seed 3").split(" ")).done();
    assertThat(run.out()).containsPattern("holds +[1-3],.*of 4,000 tokens, in [1-7] of 8 runs");
    for (String share : new String[] {"0", "1.5", "NaN"}) {
      assertThat(CommandRun.of((line + share).split(" ")).code()).isEqualTo(2);
    }
  }

  @Test
  void anInputAndSyntheticTokensAreTwoInputs() {
    CommandRun run = CommandRun.of("validate", "--synthetic", TOKENS, "--input", "x");
    assertThat(run.code()).isEqualTo(2);
    assertThat(CommandRun.of("validate", "--synthetic", "tokens=10,heads=2").err())
        .contains("--synthetic does not know [heads]");
  }
}
