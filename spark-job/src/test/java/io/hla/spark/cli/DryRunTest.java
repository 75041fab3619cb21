package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.TestSpark;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What attend --dry-run foretells, and that it is what the job finds. */
class DryRunTest {
  private static final String SIZES = " --num-heads 2 --decay 0.9";

  @TempDir Path folder;

  @BeforeEach
  void makeTokens() {
    run("generate --tokens 4000 --sequences 4 --num-heads 2 --head-dim 8 --partitions 6 --output in")
        .done();
  }

  @Test
  void whatIsForetoldIsWhatTheJobFinds() throws IOException {
    String line = "attend --input in --output out --final-state states --report r.json" + SIZES;
    CommandRun dry = run(line + " --dry-run").done();
    assertThat(dry.out()).contains("dry run: nothing was computed or written");
    assertThat(dry.err())
        .contains("4,000 tokens in 4 sequences", "on the driver", "outside the heap")
        .contains("stored, vectors from pages as they lie", "pages of vectors, each copied")
        // 4,000 tokens of 3 x 16 floats; outputs of 16 floats and a position.
        .containsPattern("768 kB of vectors in files of .*, read 2 times; outputs of 288 kB");
    assertThat(folder.resolve("out")).doesNotExist();
    assertThat(folder.resolve("states")).doesNotExist();
    JsonNode foretold = report();

    run(line).done();
    JsonNode found = report();
    assertThat(found.at("/job/status").asText()).isEqualTo("done");
    for (String figure :
        new String[] {
          "/input/tokens",
          "/input/sequences",
          "/input/inputOrder",
          "/plan/runs",
          "/plan/partitions",
          "/plan/kernels",
          "/plan/scanLevels",
          "/plan/combines",
          "/plan/summaryBytesMoved",
          "/plan/taskNativeBytes",
          "/plan/driverBytes",
          "/input/fileBytes"
        }) {
      assertThat(foretold.at(figure).isMissingNode()).as(figure).isFalse();
      assertThat(foretold.at(figure)).as(figure).isEqualTo(found.at(figure));
    }
    assertThat(found.at("/phases").findValuesAsText("name"))
        .contains("summarize", "scan", "attend", "states");
    assertThat(foretold.at("/phases").findValuesAsText("name")).containsExactly("open", "index");
  }

  @Test
  void itSaysWhyATableWouldBeSorted() throws IOException {
    TestSpark.open()
        .read()
        .parquet(folder + "/in")
        .orderBy(functions.rand(1))
        .coalesce(2)
        .write()
        .parquet(folder + "/shuffled");
    CommandRun dry = run("attend --input shuffled --output out --dry-run --report r.json" + SIZES);
    assertThat(dry.done().err())
        .contains("sorted: so many runs cost more to scan than to sort")
        .containsPattern("at least 1 behind the sort; [34],[0-9]{3} in 1 partition as");
    assertThat(report().at("/phases").findValuesAsText("name")).doesNotContain("sort");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void itRefusesWhatTheJobWouldRefuse() {
    TestSpark.open()
        .read()
        .parquet(folder + "/in")
        .where("not (seq = 2 and pos = 77)")
        .write()
        .parquet(folder + "/gap");
    CommandRun dry = run("attend --input gap --output out --dry-run" + SIZES);
    assertThat(dry.code()).isEqualTo(3);
    assertThat(dry.err()).contains("[HLA_INPUT_GAP]", "\"2\"", "76");
  }

  @Test
  void itSaysWhoWouldWrite() {
    CommandRun dry =
        run(
            "attend --input in --output out --dry-run --output-option parquet.enable.dictionary#o=x"
                + SIZES);
    assertThat(dry.done().err()).containsPattern("writer +pages of vectors");
    CommandRun bloom =
        run(
            "attend --input in --output out --dry-run"
                + " --output-option parquet.bloom.filter.enabled#o.list.element=true"
                + SIZES);
    assertThat(bloom.done().err()).containsPattern("writer +Spark's: ");
  }

  private JsonNode report() throws IOException {
    return new ObjectMapper().readTree(folder.resolve("r.json").toFile());
  }

  private CommandRun run(String line) {
    return CommandRun.of(
        line.replaceAll("(--(?:input|output|final-state|report)) ", "$1 " + folder + "/")
            .split(" "));
  }
}
