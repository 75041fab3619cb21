package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that change between the passes of a job. */
class ChangedInputTest {
  @TempDir Path folder;

  /**
   * Columns: positions before and after, in a file of the same size and time, and what is refused.
   */
  @ParameterizedTest
  @CsvSource({
    "'0 1 2 3', '0 2 1 3', position 1 of sequence \"s\" was indexed in file:/",
    "'0 1 2 3', '0 1 2', position 3 of sequence \"s\" was indexed in file:/",
    "'0 1 2 3', '', position 0 of sequence \"s\" was indexed in partition 0",
    "'0 1 2', '0 1 2 3', tokens.json has more rows than when it was indexed",
  })
  void areRefused(String before, String after, String message) throws IOException {
    Path file = folder.resolve("tokens.json");
    Files.writeString(file, lines(before));
    SparkSession spark = TestSpark.newSession();
    Attention.Result result =
        TestJob.stored(spark, AttentionSettings.builder(1, 1).build())
            .run(spark.read().json(file.toString()));
    FileTime written = Files.getLastModifiedTime(file);
    Files.writeString(file, lines(after));
    Files.setLastModifiedTime(file, written);
    assertThatThrownBy(() -> result.outputs().collectAsList())
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_CHANGED"))
        .hasMessageContaining(message);
  }

  /** The tasks themselves refuse a file that is not what it was, before anything is committed. */
  @Test
  void isRefusedByTasks() throws IOException {
    Path file = folder.resolve("tokens.json");
    Files.writeString(file, lines("0 1 2"));
    SparkSession spark = TestSpark.newSession();
    Attention.Result result =
        TestJob.stored(spark, AttentionSettings.builder(1, 1).build())
            .run(spark.read().json(file.toString()));
    Dataset<Row> outputs = result.outputs();
    outputs.write().parquet(folder + "/before");
    Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    assertThatThrownBy(() -> outputs.write().parquet(folder + "/after"))
        .isInstanceOf(InputException.class)
        .hasMessageMatching(".*tokens.json changed while it was read: .*, now .*1970-01-01.*");
    assertThat(folder.resolve("after/_SUCCESS")).doesNotExist();
  }

  /** One line a position, and spaces up to one size. */
  private static String lines(String positions) {
    StringBuilder lines = new StringBuilder();
    for (String position : positions.split(" ")) {
      if (!position.isEmpty()) {
        lines.append(
            String.format(
                "{\"seq\": \"s\", \"pos\": %s, \"q\": [1.5], \"k\": [2.5], \"v\": [1.0]}%n",
                position));
      }
    }
    return String.format("%-400s", lines);
  }
}
