package io.hla.spark.plan;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import io.hla.spark.TestSpark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that change while a table is read; whole jobs over such files are in faults.sh. */
class InputFilesTest {
  @TempDir Path folder;
  private SparkSession spark;
  private Path tokens;

  @BeforeEach
  void write() {
    spark = TestSpark.newSession();
    tokens = folder.resolve("tokens");
    table(1).write().parquet(tokens.toString());
  }

  private Dataset<Row> table(int factor) {
    return spark
        .range(0, 100, 1, 3)
        .selectExpr(
            "'s' as seq",
            "id as pos",
            "array(float(id * " + factor + ")) as q",
            "array(1f) as k",
            "array(1f) as v");
  }

  private Dataset<Row> open() {
    return spark.read().parquet(tokens.toString());
  }

  /** Behind a shuffle and columns that are computed. */
  private Dataset<Row> sorted() {
    return open().repartition(2, col("seq")).sortWithinPartitions("pos").withColumn("two", lit(2));
  }

  private static RDD<InternalRow> rows(Dataset<Row> table) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) table).queryExecution().toRdd();
  }

  private List<Path> parts(Path table) throws IOException {
    try (Stream<Path> files = Files.list(table)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("part-"))
          .sorted()
          .toList();
    }
  }

  @Test
  void givesTheResultOfWorkOnFilesThatStay() throws IOException {
    RDD<InternalRow> rows = rows(open());
    InputFiles files = new InputFiles(rows);
    assertThat(files.<Long>reading(rows::count)).isEqualTo(100);
    assertThat(new InputFiles(rows(sorted())).<String>reading(() -> "sorted")).isEqualTo("sorted");
    Files.copy(parts(tokens).get(0), tokens.resolve("part-of-a-later-table.parquet"));
    assertThat(files.<String>reading(() -> "more")).isEqualTo("more");
  }

  @Test
  void tablesWithoutFilesHaveNothingToLookAt() {
    InputFiles files = new InputFiles(rows(spark.range(10).toDF()));
    assertThat(files.<String>reading(() -> "work")).isEqualTo("work");
  }

  @Test
  void leavesOtherFailuresAlone() {
    assertThatThrownBy(() -> new InputFiles(rows(open())).reading(InputFilesTest::fail))
        .hasMessage("the work");
  }

  private static String fail() {
    throw new IllegalStateException("the work");
  }

  @Test
  void refusesAFileThatIsReplaced() throws IOException {
    Path other = folder.resolve("other");
    table(2).write().parquet(other.toString());
    Path from = parts(other).get(1);
    Path to = parts(tokens).get(1);
    refuses(open(), () -> Files.move(from, to, StandardCopyOption.REPLACE_EXISTING), "changed", to);
  }

  @Test
  void refusesAFileThatIsCutShort() throws IOException {
    Path file = parts(tokens).get(2);
    refuses(
        open(),
        () -> Files.newByteChannel(file, StandardOpenOption.WRITE).truncate(50).close(),
        "changed",
        file);
  }

  @Test
  void refusesAFileThatIsGoneBehindAShuffle() throws IOException {
    Path file = parts(tokens).get(0);
    refuses(sorted(), () -> Files.delete(file), "gone", file);
  }

  private interface Change {
    void make() throws IOException;
  }

  private static void refuses(Dataset<Row> table, Change change, String what, Path file) {
    InputFiles files = new InputFiles(rows(table));
    assertThatThrownBy(() -> files.reading(() -> make(change)))
        .isInstanceOfSatisfying(
            InputException.class,
            refusal -> assertThat(refusal.condition()).isEqualTo("HLA_INPUT_CHANGED"))
        .hasMessageContaining(what)
        .hasMessageContaining(file.getFileName().toString());
    assertThatThrownBy(
            () ->
                files.reading(
                    () -> {
                      throw new IllegalStateException("the work");
                    }))
        .isInstanceOf(InputException.class)
        .hasRootCauseMessage("the work");
  }

  private static String make(Change change) {
    try {
      change.make();
      return "done";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
