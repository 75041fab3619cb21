package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchJobCommandTest {
  @TempDir private Path folder;

  @Test
  void runsBothJobsInTurnAndLeavesNothing() throws Exception {
    String tokens = folder.resolve("tokens").toString();
    CommandRun made = run("generate --tokens 500 --head-dim 3 --partitions 2 --output " + tokens);
    assertThat(made.code()).as(made.err()).isZero();
    Path work = folder.resolve("work");
    CommandRun measured =
        run("bench job --repeat 2 --num-heads 1 --parts 1,2 --work " + work + " --input " + tokens);
    assertThat(measured.code()).as(measured.err()).isZero();
    assertThat(measured.out().lines())
        .anyMatch(line -> line.startsWith("copy, o uncompressed "))
        .anyMatch(line -> line.startsWith("attend, not written "))
        .anyMatch(line -> line.startsWith("attend, parts: 1 "))
        .anyMatch(line -> line.startsWith("attend, parts: 2 "))
        .contains("vectors from pages: 750 rows; splits decoded by Spark: 0")
        .last()
        .asString()
        .matches("best  copy [0-9.]+ s  attend [0-9.]+ s  ratio [0-9.]+");
    assertThat(work).isEmptyDirectory();
  }

  @Test
  void refusesToMeasureNothing() {
    CommandRun refused = run("bench job --repeat 0 --input nowhere");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("--repeat is 0, expected at least 1");
    refused = run("bench job --parts 3,0 --input nowhere");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("--parts is [3, 0], expected numbers from 1");
  }

  private static CommandRun run(String line) {
    return CommandRun.of(line.split(" "));
  }
}
