package io.hla.spark.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.kernels.Applier;
import io.hla.kernels.Element;
import io.hla.kernels.RecurrentKernel;
import io.hla.spark.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTokensTest {
  private static final String MAX_BYTES = "spark.sql.files.maxPartitionBytes";

  @TempDir Path folder;

  @Test
  void countsTheSample() {
    TextTokens text = open(Sample.newSession(), Sample.TEXT);
    assertThat(text.tokens()).isEqualTo(261_306);
    assertThat(100.0 * text.unknown() / text.tokens()).isCloseTo(7.7, within(0.05));
    assertThat(text.table().rdd().getNumPartitions()).isGreaterThan(10);
    assertThat(text.schema().simpleString())
        .isEqualTo(
            "struct<seq:string,pos:bigint,q:array<float>,k:array<float>,v:array<float>,"
                + "word:string,id:int>");
  }

  @Test
  void hla2OverTheSampleEndsWithTheKnownOutput() {
    List<InternalRow> rows = ordered(open(Sample.newSession(), Sample.TEXT).table());
    int n = rows.size();
    assertThat(n).isEqualTo(261_306);
    float[][] qkv = new float[3][n * 64];
    for (int t = 0; t < n; t++) {
      assertThat(rows.get(t).getLong(1)).isEqualTo(t);
      for (int i = 0; i < 3; i++) {
        System.arraycopy(rows.get(t).getArray(2 + i).toFloatArray(), 0, qkv[i], t * 64, 64);
      }
    }
    AttentionSettings settings = AttentionSettings.builder(16, 16).heads(4, 4).build();
    float[] o = new float[n * 64];
    Arrays.fill(o, Float.NaN);
    try (Applier applier = new RecurrentKernel().applier(State.initial(settings))) {
      applier.apply(qkv[0], qkv[1], qkv[2], o, 0, n);
    }
    double[] expected = {-1.75785884e+08, -2.54137337e+07, 1.59452539e+07, 2.53178836e+06};
    for (int i = 0; i < expected.length; i++) {
      double tolerance = 1e-4 * Math.abs(expected[i]);
      assertThat((double) o[(n - 1) * 64 + i]).isCloseTo(expected[i], within(tolerance));
    }
  }

  @Test
  void splitsOfAnySizeGiveTheSameRows() throws IOException {
    String start = Files.readString(Path.of(Sample.TEXT)).substring(0, 60_000);
    // Line ends of every kind, blank lines and words up to the last byte of a split.
    Path file = write("a.txt", start.replace(". ", ".\n").replace(", ", ",\r\n\n") + " end");
    List<String> whole = shown(open(1 << 20, file));
    assertThat(whole).hasSizeGreaterThan(12_000);
    for (int bytes : new int[] {97, 1000, 4096, 30_011}) {
      TextTokens text = open(bytes, file);
      assertThat(shown(text)).as("splits of %d bytes", bytes).isEqualTo(whole);
    }
  }

  @Test
  void sequencesAreFiles() throws IOException {
    write("x/one.txt", "to be\n\nor not\n");
    write("x/empty.txt", "");
    write("x/deep/two.txt", "call me");
    write("y/one.txt", "the whale");
    write("y/a b%.txt", "a");
    TextTokens text =
        open(Sample.newSession(), folder.resolve("x") + "", folder.resolve("y/*") + "");
    assertThat(text.tokens()).isEqualTo(9);
    List<Row> rows =
        text.table().select("seq", "pos", "word").orderBy("seq", "pos").collectAsList();
    String one = "file:" + folder + "/x/one.txt";
    String other = "file:" + folder + "/y/one.txt";
    assertThat(rows)
        .extracting(Row::mkString)
        .containsExactly(
            "a b%.txt0a",
            one + "0to",
            one + "1be",
            one + "2or",
            one + "3not",
            other + "0the",
            other + "1whale",
            "two.txt0call",
            "two.txt1me");
  }

  @Test
  void aFileFoundTwiceIsReadOnce() throws IOException {
    Path file = write("x/one.txt", "to be");
    TextTokens text = open(Sample.newSession(), file.toString(), file.getParent().toString());
    assertThat(text.table().count()).isEqualTo(2);
  }

  @Test
  void malformedUtf8BecomesReplacementCharacters() throws IOException {
    Path file = folder.resolve("bad.txt");
    Files.write(file, "sea\u00ff\u00c3 sea".getBytes(StandardCharsets.ISO_8859_1));
    Dataset<Row> table = open(Sample.newSession(), file.toString()).table();
    assertThat(table.orderBy("pos").collectAsList())
        .extracting(row -> row.getString(5))
        .containsExactly("sea", "\ufffd", "\ufffd", "sea");
  }

  @Test
  void rowsCarryTheVectorsOfTheirWord() throws IOException {
    Path file = write("a.txt", "The whale zyzzyva");
    for (Element element : Element.values()) {
      EmbeddingModel model = Sample.model(element);
      SparkSession spark = Sample.newSession();
      List<InternalRow> rows = ordered(TextTokens.open(spark, List.of("" + file), model).table());
      assertThat(rows).extracting(row -> row.getInt(6)).containsExactly(2, id("whale"), 0);
      for (InternalRow row : rows) {
        VectorTable[] tables = {model.queries(), model.keys(), model.values()};
        for (int i = 0; i < 3; i++) {
          double[] expected = new double[64];
          tables[i].copy(row.getInt(6), expected, 0);
          double[] actual = new double[64];
          for (int j = 0; j < 64; j++) {
            actual[j] =
                element == Element.DOUBLE
                    ? row.getArray(2 + i).getDouble(j)
                    : row.getArray(2 + i).getFloat(j);
          }
          assertThat(actual).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void splitSizesOfTheSessionNeitherCountNorChange() throws IOException {
    SparkSession spark = Sample.newSession();
    spark.conf().set(MAX_BYTES, "4096");
    TextTokens text = open(spark, Sample.TEXT);
    // A 32nd of the file is less than the 64 KB at which the smallest splits are cut.
    assertThat(text.table().rdd().getNumPartitions()).isEqualTo((1_209_604 >> 16) + 1);
    assertThat(spark.conf().get(MAX_BYTES)).isEqualTo("4096");
  }

  @Test
  void refusesPathsThatDoNotExist() {
    for (String path : new String[] {folder + "/none.txt", folder + "/*.none"}) {
      assertThatThrownBy(() -> open(Sample.newSession(), path))
          .isInstanceOfSatisfying(
              InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_MISSING"))
          .hasMessageContaining(path)
          .hasMessageContaining("does not exist");
    }
  }

  @Test
  void refusesAFileThatChangedSinceItWasCounted() throws IOException {
    Path file = write("a.txt", "one two three");
    FileTime time = Files.getLastModifiedTime(file);
    TextTokens text = open(Sample.newSession(), file.toString());
    Files.writeString(file, "one two and 3");
    Files.setLastModifiedTime(file, time);
    assertThatThrownBy(() -> text.table().collectAsList())
        .hasStackTraceContaining("a.txt from byte 0 has 1 tokens more than were counted");
  }

  private static TextTokens open(SparkSession spark, String... paths) {
    return TextTokens.open(spark, List.of(paths), Sample.model(Element.FLOAT));
  }

  private static TextTokens open(int splitBytes, Path file) {
    return TextTokens.open(
        Sample.newSession(),
        List.of(file.toString()),
        Sample.model(Element.FLOAT),
        Map.of(
            MAX_BYTES,
            Integer.toString(splitBytes),
            "spark.sql.files.openCostInBytes",
            "1",
            "spark.sql.files.minPartitionNum",
            "1"));
  }

  private static int id(String word) {
    return Sample.model(Element.FLOAT).vocabulary().id(word);
  }

  private static List<String> shown(TextTokens text) {
    return ordered(text.table()).stream()
        .map(
            row ->
                String.format(
                    "%s %d %s %d %s",
                    row.getString(0),
                    row.getLong(1),
                    row.getString(5),
                    row.getInt(6),
                    Arrays.hashCode(row.getArray(2).toFloatArray())))
        .toList();
  }

  private static List<InternalRow> ordered(Dataset<Row> table) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) table)
        .queryExecution().toRdd().toJavaRDD().map(InternalRow::copy).collect().stream()
            .sorted(
                Comparator.comparing((InternalRow row) -> row.getString(0))
                    .thenComparingLong(row -> row.getLong(1)))
            .toList();
  }

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }
}
