package io.hla.spark.input;

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
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that change while a table is read; whole jobs over such files are in faults.sh. */
class InputFilesTest {
  private static final TokenColumns COLUMNS = TokenColumns.defaults();

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

  private TokenTable open() {
    return TokenTable.open(spark.read().parquet(tokens.toString()), COLUMNS, 1, 1);
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
    TokenTable table = open();
    assertThat(table.files().<Long>reading(() -> table.rows().count())).isEqualTo(100);
    assertThat(table.sorted().files().<String>reading(() -> "sorted")).isEqualTo("sorted");
    Files.copy(parts(tokens).get(0), tokens.resolve("part-of-a-later-table.parquet"));
    assertThat(table.files().<String>reading(() -> "more")).isEqualTo("more");
  }

  @Test
  void leavesOtherFailuresAlone() {
    assertThatThrownBy(() -> open().files().reading(InputFilesTest::fail)).hasMessage("the work");
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
    refuses(open().sorted(), () -> Files.delete(file), "gone", file);
  }

  private interface Change {
    void make() throws IOException;
  }

  private static void refuses(TokenTable table, Change change, String what, Path file) {
    InputFiles files = table.files();
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
