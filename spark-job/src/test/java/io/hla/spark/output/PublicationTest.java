package io.hla.spark.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import io.hla.spark.TestSpark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tables are there whole or not at all. */
class PublicationTest {
  private static final Runnable UNCHANGED = () -> {};

  private final SparkSession spark = TestSpark.newSession();
  private final List<String> told = new ArrayList<>();

  @TempDir Path folder;

  @Test
  void nothingIsSeenBeforeItIsPublished() {
    try (Publication publication = publication()) {
      OutputTable table = publication.add(table("out", SaveMode.ErrorIfExists));
      assertThat(publication.prepare(JobInputs.none())).isTrue();
      stage(table, numbers(5));
      assertThat(folder.resolve("out")).doesNotExist();
      publication.publish(UNCHANGED);
    }
    assertThat(read("out").count()).isEqualTo(5);
    assertThat(names()).containsExactly("out");
    assertThat(told).isEmpty();
  }

  /** The second table fails in some of its tasks, after the first was staged. */
  @ParameterizedTest
  @EnumSource(
      value = SaveMode.class,
      names = {"ErrorIfExists", "Overwrite", "Append"})
  void aFailureLeavesEverythingAsItWas(SaveMode mode) {
    if (mode != SaveMode.ErrorIfExists) {
      numbers(3).write().parquet(folder + "/out");
    }
    List<String> before = names();
    assertThatThrownBy(
            () -> {
              try (Publication publication = publication()) {
                OutputTable first = publication.add(table("state", SaveMode.ErrorIfExists));
                OutputTable second = publication.add(table("out", mode));
                stage(first, numbers(5));
                stage(second, failing());
                publication.publish(UNCHANGED);
              }
            })
        .hasStackTraceContaining("meant to fail");
    assertThat(names()).isEqualTo(before);
    if (mode != SaveMode.ErrorIfExists) {
      assertThat(read("out").count()).isEqualTo(3);
    }
  }

  /** What was read has changed: nothing is overwritten, and nothing is added. */
  @ParameterizedTest
  @EnumSource(
      value = SaveMode.class,
      names = {"Overwrite", "Append"})
  void theCheckComesInFrontOfEverything(SaveMode mode) {
    numbers(3).write().parquet(folder + "/out");
    assertThatThrownBy(
            () -> {
              try (Publication publication = publication()) {
                stage(publication.add(table("out", mode)), numbers(5));
                publication.publish(
                    () -> {
                      throw new IllegalStateException("it changed");
                    });
              }
            })
        .hasMessage("it changed");
    assertThat(read("out").count()).isEqualTo(3);
    assertThat(names()).containsExactly("out");
  }

  @Test
  void overwritingReplacesTheTable() {
    numbers(3).write().parquet(folder + "/out");
    try (Publication publication = publication()) {
      stage(publication.add(table("out", SaveMode.Overwrite)), numbers(5));
      assertThat(read("out").count()).isEqualTo(3);
      publication.publish(UNCHANGED);
    }
    assertThat(read("out").count()).isEqualTo(5);
    assertThat(names()).containsExactly("out");
  }

  @Test
  void aTargetThatAppearsMeanwhileIsLeftAlone() {
    try (Publication publication = publication()) {
      OutputTable table = publication.add(table("out", SaveMode.ErrorIfExists));
      publication.prepare(JobInputs.none());
      stage(table, numbers(5));
      numbers(2).write().parquet(folder + "/out");
      assertThatThrownBy(() -> publication.publish(UNCHANGED))
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
    append("out", numbers(4));
    assertThat(read("out").count()).isEqualTo(4);
  }

  @Test
  void othersColumnsAreNotAppended() {
    numbers(3).write().parquet(folder + "/out");
    try (Publication publication = publication()) {
      OutputTable table = publication.add(table("out", SaveMode.Append));
      assertThatThrownBy(() -> stage(table, numbers(4).selectExpr("cast(id as int) id")))
          .hasMessageEndingWith("/out has columns [id bigint], expected [id int] to append to");
    }
    assertThat(read("out").count()).isEqualTo(3);
  }

  /** Files of the same folders come together, whatever the names of the folders. */
  @Test
  void partitionsAreAddedTo() throws IOException {
    String day = "'a/b=1 ' || id % 2 as _day";
    TableRequest request =
        new TableRequest(
            "output",
            folder + "/out",
            null,
            null,
            SaveMode.Append,
            List.of("_day"),
            null,
            false,
            null);
    for (int i = 0; i < 2; i++) {
      try (Publication publication = publication()) {
        OutputTable table = publication.add(request);
        publication.prepare(JobInputs.none());
        stage(table, numbers(4).selectExpr("id", day));
        publication.publish(UNCHANGED);
      }
    }
    assertThat(read("out").count()).isEqualTo(8);
    assertThat(read("out").where("_day = 'a/b=1 1'").count()).isEqualTo(4);
    assertThat(names()).containsExactly("out");
    assertThatThrownBy(() -> append("out", numbers(4).selectExpr("id", day)))
        .hasMessageContaining("partitioned by [_day], expected [_day string, id bigint] to append");
  }

  /** Of a job that was killed, or of one that is still at work. */
  @Test
  void strayFoldersAreNamedAndLeft() throws IOException {
    Path stray = Files.createDirectory(folder.resolve(".out.staging-1"));
    Files.createDirectory(folder.resolve(".outer.staging-1"));
    append("out", numbers(4));
    assertThat(told).singleElement().asString().contains(stray.toString(), "delete it");
    assertThat(stray).exists();
  }

  /** Damaged, of a later version, of another publication, and such as nobody would write. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | No content to map",
        "{ | Unexpected end-of-input",
        "null | it is empty",
        "{\"version\": 1, \"id\": \"1\", \"home\": null, \"tables\": []} | it names neither tables nor another journal",
        "{\"version\": 1, \"id\": \"1\"} | Missing creator property",
        "{\"version\": 2, \"id\": \"1\", \"home\": \"/x\", \"tables\": null} | its version is 2",
        "{\"version\": 1, \"id\": \"2\", \"home\": \"/x\", \"tables\": null} | it is of publication 2",
        "{\"version\": 1, \"id\": \"1\", \"home\": \"/x\", \"tables\": null} {} | Trailing token",
        "{\"version\": 1, \"id\": \"1\", \"home\": null, \"tables\": [{\"target\": \"out\", \"replaces\": true, \"files\": null, \"session\": null}]} | a table has no absolute path",
        "{\"version\": 1, \"id\": \"1\", \"home\": null, \"tables\": [{\"target\": \"/out\", \"replaces\": true, \"files\": [\"../x\"], \"session\": null}]} | a file of /out lies outside it",
        "{\"version\": 1, \"id\": \"1\", \"home\": null, \"tables\": [{\"target\": \"FOLDER/new\", \"replaces\": true, \"files\": null, \"session\": null}]} | staging-1 is gone",
        "{\"version\": 1, \"id\": \"1\", \"home\": null, \"tables\": [{\"target\": \"FOLDER/out\", \"replaces\": false, \"files\": [\"x\"], \"session\": null}]} | staging-1/x is gone"
      })
  void aDamagedJournalIsRefused(String text, String reason) throws IOException {
    numbers(3).write().parquet(folder + "/out");
    Path journal =
        Files.writeString(folder.resolve(".out.journal-1"), text.replace("FOLDER", "" + folder));
    List<String> before = names();
    assertThatThrownBy(() -> append("out", numbers(4)))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_OUTPUT_JOURNAL"))
        .hasMessageContaining(journal.toString())
        .hasMessageContaining(reason);
    assertThat(read("out").count()).isEqualTo(3);
    assertThat(names()).isEqualTo(before);
  }

  private void append(String name, Dataset<Row> rows) {
    try (Publication publication = publication()) {
      OutputTable table = publication.add(table(name, SaveMode.Append));
      publication.prepare(JobInputs.none());
      stage(table, rows);
      publication.publish(UNCHANGED);
    }
  }

  private Publication publication() {
    return new Publication(spark, told::add);
  }

  private TableRequest table(String name, SaveMode mode) {
    return TableRequest.at("output", folder + "/" + name, "parquet", mode);
  }

  private static void stage(OutputTable table, Dataset<Row> rows) {
    table.stage(rows, Map.of(), Runnable::run);
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
      throw new UncheckedIOException(e);
    }
  }
}
