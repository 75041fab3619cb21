package io.hla.spark.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import io.hla.spark.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tables are there whole or not at all. */
class OutputTableTest {
  private final SparkSession spark = TestSpark.newSession();

  @TempDir Path folder;

  @Test
  void nothingIsSeenBeforeItIsPublished() {
    try (OutputTable table = table("out", SaveMode.ErrorIfExists)) {
      assertThat(table.prepare(List.of())).isTrue();
      table.stage(numbers(5), Map.of());
      assertThat(folder.resolve("out")).doesNotExist();
      table.publish();
    }
    assertThat(read("out").count()).isEqualTo(5);
    assertThat(names()).containsExactly("out");
  }

  /** The second table fails in some of its tasks, after the first was staged. */
  @ParameterizedTest
  @EnumSource(
      value = SaveMode.class,
      names = {"ErrorIfExists", "Overwrite"})
  void aFailureLeavesEverythingAsItWas(SaveMode mode) throws IOException {
    if (mode == SaveMode.Overwrite) {
      numbers(3).write().parquet(folder + "/out");
    }
    List<String> before = names();
    assertThatThrownBy(
            () -> {
              try (OutputTable first = table("state", SaveMode.ErrorIfExists);
                  OutputTable second = table("out", mode)) {
                first.stage(numbers(5), Map.of());
                second.stage(failing(), Map.of());
                first.publish();
                second.publish();
              }
            })
        .hasStackTraceContaining("meant to fail");
    assertThat(names()).isEqualTo(before);
    if (mode == SaveMode.Overwrite) {
      assertThat(read("out").count()).isEqualTo(3);
    }
  }

  @Test
  void aFailureToAppendAddsNothing() {
    numbers(3).write().parquet(folder + "/out");
    try (OutputTable table = table("out", SaveMode.Append)) {
      assertThatThrownBy(() -> table.stage(failing(), Map.of()))
          .hasStackTraceContaining("meant to fail");
    }
    assertThat(read("out").count()).isEqualTo(3);
    assertThat(names()).containsExactly("out");
  }

  @Test
  void overwritingReplacesTheTable() {
    numbers(3).write().parquet(folder + "/out");
    try (OutputTable table = table("out", SaveMode.Overwrite)) {
      table.stage(numbers(5), Map.of());
      assertThat(read("out").count()).isEqualTo(3);
      table.publish();
    }
    assertThat(read("out").count()).isEqualTo(5);
    assertThat(names()).containsExactly("out");
  }

  @Test
  void aTargetThatAppearsMeanwhileIsLeftAlone() {
    try (OutputTable table = table("out", SaveMode.ErrorIfExists)) {
      table.prepare(List.of());
      table.stage(numbers(5), Map.of());
      numbers(2).write().parquet(folder + "/out");
      assertThatThrownBy(table::publish)
          .isInstanceOfSatisfying(
              InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_OUTPUT_EXISTS"))
          .hasMessageContaining("came into being while the job ran");
    }
    assertThat(read("out").count()).isEqualTo(2);
    assertThat(names()).containsExactly("out");
  }

  @Test
  void emptyFoldersMayBeAppendedTo() throws IOException {
    Files.createDirectory(folder.resolve("out"));
    try (OutputTable table = table("out", SaveMode.Append)) {
      table.prepare(List.of());
      table.stage(numbers(4), Map.of());
      table.publish();
    }
    assertThat(read("out").count()).isEqualTo(4);
  }

  @Test
  void othersColumnsAreNotAppended() {
    numbers(3).write().parquet(folder + "/out");
    try (OutputTable table = table("out", SaveMode.Append)) {
      assertThatThrownBy(() -> table.stage(numbers(4).selectExpr("cast(id as int) id"), Map.of()))
          .hasMessageEndingWith("/out has columns [id bigint], expected [id int] to append to");
    }
    assertThat(read("out").count()).isEqualTo(3);
  }

  private OutputTable table(String name, SaveMode mode) {
    return new OutputTable(spark, "output", folder + "/" + name, "parquet", mode);
  }

  private Dataset<Row> numbers(int count) {
    return spark.range(0, count, 1, 2).toDF();
  }

  /** One task writes its rows, the other fails in the middle. */
  private Dataset<Row> failing() {
    return spark.range(0, 100, 1, 2).selectExpr("if(id = 77, raise_error('meant to fail'), id) id");
  }

  private Dataset<Row> read(String name) {
    return spark.read().parquet(folder + "/" + name);
  }

  private List<String> names() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
