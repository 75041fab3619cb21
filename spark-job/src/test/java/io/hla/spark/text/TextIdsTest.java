package io.hla.spark.text;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.kernels.Element;
import io.hla.spark.InputException;
import io.hla.spark.tokenizer.Tokenizer;
import io.hla.spark.tokenizer.Tokenizers;
import io.hla.spark.tokenizer.Vocabulary;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextIdsTest {
  private static final Tokenizer BYTES = Tokenizers.bytes();

  @TempDir Path folder;

  @Test
  void bytesOfFilesAreTheirIdsWhereverTheyAreSplit() throws IOException {
    byte[] bytes = new byte[300_000];
    new Random(3).nextBytes(bytes);
    Path file = folder.resolve("noise");
    Files.write(file, bytes);
    for (int split : new int[] {20_011, 1 << 20}) {
      Dataset<Row> table = files(split, BYTES, file);
      assertThat(table.schema().simpleString()).isEqualTo("struct<seq:string,pos:bigint,id:int>");
      assertThat(table.rdd().getNumPartitions()).isEqualTo((bytes.length + split - 1) / split);
      assertThat(ids(table, "noise")).as("splits of %d", split).isEqualTo(unsigned(bytes));
    }
  }

  @Test
  void bytesOfTheSample() throws IOException {
    Dataset<Row> table = TextIds.files(Sample.newSession(), List.of(Sample.TEXT), BYTES);
    assertThat(table.rdd().getNumPartitions()).isGreaterThan(10);
    assertThat(ids(table, "moby-dick.txt"))
        .isEqualTo(unsigned(Files.readAllBytes(Path.of(Sample.TEXT))));
  }

  /** The ids of attend --text, from other code on the way. */
  @Test
  void wordsAreThoseOfTextTokens() throws IOException {
    Vocabulary vocabulary = Vocabulary.read(new Configuration(), Sample.WORDS);
    String text = Files.readString(Path.of(Sample.TEXT)).substring(0, 80_000);
    Path lines = write("lines.txt", text);
    Path line = write("line.txt", text.replaceAll("\\s+", " "));
    int[] expected = Tokenizers.words(vocabulary).encode(text);
    assertThat(expected).hasSizeGreaterThan(16_000);
    Dataset<Row> table = files(4999, Tokenizers.words(vocabulary), lines, line);
    Map<String, int[]> ids = ids(table);
    assertThat(ids.get("lines.txt")).isEqualTo(expected);
    assertThat(ids.get("line.txt")).isEqualTo(expected);
    assertThat(
            ids(
                TextTokens.open(
                        Sample.newSession(), List.of("" + lines), Sample.model(Element.FLOAT))
                    .table(),
                "lines.txt"))
        .isEqualTo(expected);
  }

  /** Borders of another tokenizer, and one that lets no text be cut. */
  @Test
  void bytePairsAreThoseOfTheWholeFile() throws IOException {
    String text = Files.readString(Path.of(Sample.TEXT)).substring(0, 200_000);
    Path file = write("text.txt", text);
    Tokenizer pairs = Tokenizers.cl100kBase();
    Dataset<Row> table = files(10_007, pairs, file);
    assertThat(table.rdd().getNumPartitions()).isGreaterThan(15);
    assertThat(ids(table, "text.txt")).isEqualTo(pairs.encode(text)).hasSizeGreaterThan(40_000);
  }

  @Test
  void compressedFilesAreTheirText() throws IOException {
    byte[] text = Files.readAllBytes(Path.of(Sample.TEXT));
    Path file = folder.resolve("sample.txt.gz");
    try (var out = new java.util.zip.GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(text);
    }
    assertThat(ids(files(10_000, BYTES, file), "sample.txt.gz")).isEqualTo(unsigned(text));
  }

  @Test
  void refusesFilesThatChanged() throws IOException {
    Path file = write("a.txt", "one two three");
    FileTime time = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(file, time);
    Dataset<Row> words = files(1000, Tokenizers.words(vocabulary("one", "two")), file);
    Dataset<Row> bytes = files(1000, BYTES, file);
    Files.writeString(file, "one two and 3");
    // As many bytes as before: the file alone tells.
    assertThatThrownBy(bytes::collectAsList)
        .hasStackTraceContaining("HLA_INPUT_CHANGED")
        .hasStackTraceContaining("a.txt changed while it was read");
    // On file systems whose times are coarse the number of tokens tells, as a rule.
    Files.setLastModifiedTime(file, time);
    assertThatThrownBy(words::collectAsList)
        .hasStackTraceContaining("HLA_INPUT_CHANGED")
        .hasStackTraceContaining("has 1 tokens more than were counted");
  }

  @Test
  void refusesFilesThatDoNotExist() {
    refused("HLA_INPUT_MISSING", "does not exist", () -> files(9, BYTES, folder.resolve("none")));
  }

  @Test
  void everyRowIsASequenceWithANumberOfItsOwn() {
    Dataset<Row> texts = texts(3, text("a", 1, "sea"), text("b", 1, ""), text("c", 1, "öl"));
    Dataset<Row> table = TextIds.column(texts, "text", null, null, List.of("doc"), BYTES);
    assertThat(table.schema().simpleString())
        .isEqualTo("struct<seq:bigint,pos:bigint,id:int,doc:string>");
    List<Row> rows = table.orderBy("doc", "pos").collectAsList();
    assertThat(rows).extracting(Row::mkString).hasSize(6);
    assertThat(rows)
        .extracting(row -> row.getInt(2))
        .containsExactly('s' + 0, 'e' + 0, 'a' + 0, 195, 182, 'l' + 0);
    assertThat(rows).extracting(row -> row.getLong(1)).containsExactly(0L, 1L, 2L, 0L, 1L, 2L);
    assertThat(rows.stream().map(row -> row.getLong(0)).distinct()).hasSize(2);
    assertThat(table.orderBy("doc", "pos").collectAsList()).isEqualTo(rows);
  }

  @Test
  void longTextsOfRowsAreReadInPieces() throws IOException {
    String text = Files.readString(Path.of(Sample.TEXT));
    Dataset<Row> texts = texts(1, text("a", 1, text));
    Tokenizer words = Tokenizers.words(Vocabulary.read(new Configuration(), Sample.WORDS));
    assertThat(ids(TextIds.column(texts, "text", "doc", null, List.of(), BYTES), "a"))
        .isEqualTo(unsigned(text.getBytes(StandardCharsets.UTF_8)));
    int[] ids = ids(TextIds.column(texts, "text", "doc", null, List.of(), words), "a");
    assertThat(ids).hasSize(261_306).isEqualTo(words.encode(text));
  }

  /** Sequences of any number of rows, over partitions whose borders lie anywhere in them. */
  @Test
  void rowsOfASequenceAreJoinedInTheirOrder() {
    Random random = new Random(5);
    List<Row> rows = new ArrayList<>();
    Map<String, StringBuilder> expected = new TreeMap<>();
    for (int doc = 0; doc < 12; doc++) {
      int parts = doc % 3 == 0 ? 200 : random.nextInt(4);
      for (int part = 0; part < parts; part++) {
        String text = "x".repeat(random.nextInt(5)) + doc + "." + part;
        rows.add(text("d" + doc, part - 2, text));
        expected.computeIfAbsent("d" + doc, d -> new StringBuilder()).append(text);
      }
    }
    Collections.shuffle(rows, random);
    Dataset<Row> texts = texts(5, rows.toArray(Row[]::new));
    for (String adaptive : new String[] {"true", "false"}) {
      for (int partitions : new int[] {1, 3, 12}) {
        texts.sparkSession().conf().set("spark.sql.adaptive.enabled", adaptive);
        texts.sparkSession().conf().set("spark.sql.adaptive.coalescePartitions.enabled", "false");
        texts.sparkSession().conf().set("spark.sql.shuffle.partitions", "" + partitions);
        Dataset<Row> table = TextIds.column(texts, "text", "doc", "part", List.of("part"), BYTES);
        Map<String, int[]> ids = ids(table);
        assertThat(ids.keySet()).isEqualTo(expected.keySet());
        expected.forEach(
            (doc, text) ->
                assertThat(ids.get(doc))
                    .as("%s in %d partitions", doc, partitions)
                    .isEqualTo(unsigned(text.toString().getBytes())));
      }
    }
  }

  @Test
  void rowsThatCannotBeJoinedAreRefused() {
    Dataset<Row> twice = texts(2, text("a", 1, "x"), text("a", 2, "y"), text("a", 1, "z"));
    refused(
        "HLA_INPUT_DUPLICATE",
        "sequence a has several rows with part 1, expected one",
        () -> joined(twice).count());
    Dataset<Row> nowhere = texts(2, text("a", 1, "x"), text("a", null, "y"));
    refused(
        "HLA_INPUT_NULL",
        "a row of sequence a has a null order in column part",
        () -> joined(nowhere).count());
    refused(
        "HLA_INPUT_NULL",
        "a row has a null sequence in column doc",
        () -> joined(texts(1, text(null, 1, "x"))).count());
    refused(
        "HLA_OPTION_CONFLICT",
        "expected a sequence column",
        () -> TextIds.column(twice, "text", null, "part", List.of(), BYTES));
  }

  @Test
  void idsAreTakenAsTheyAre() {
    SparkSession spark = newSession();
    for (String type : List.of("int", "bigint", "smallint", "tinyint")) {
      Dataset<Row> table =
          spark.sql(
              "SELECT * FROM VALUES ('a', 1, CAST(array(5, 0, 127) AS array<%1$s>)), ('a', 0, CAST(array() AS array<%1$s>)), ('b', 0, CAST(array(7) AS array<%1$s>)) t(doc, part, ids)"
                  .formatted(type));
      Dataset<Row> ids = TextIds.ids(table, "ids", "doc", "part", List.of());
      assertThat(ids(ids, "a")).as(type).containsExactly(5, 0, 127);
      assertThat(ids(ids, "b")).as(type).containsExactly(7);
    }
    for (String bad : List.of("-1L", "3000000000L")) {
      Dataset<Row> table = spark.sql("SELECT array(1L, %s) ids, 'a' doc".formatted(bad));
      refused(
          "HLA_INPUT_ID",
          "ids has " + bad.replace("L", "") + " as element [1] at sequence a",
          () -> TextIds.ids(table, "ids", "doc", null, List.of()).count());
    }
    Dataset<Row> nothing = spark.sql("SELECT array(1, NULL) ids");
    refused(
        "HLA_INPUT_NULL",
        "ids has a null element [1] at row 0",
        () -> TextIds.ids(nothing, "ids", null, null, List.of()).count());
  }

  @Test
  void refusesColumnsThatAreNoText() {
    Dataset<Row> texts = texts(1, text("a", 1, null));
    refused("HLA_INPUT_NULL", "text is null at sequence a", () -> column(texts, "text").count());
    refused("HLA_INPUT_COLUMN", "no column sea", () -> column(texts, "sea"));
    refused(
        "HLA_INPUT_TYPE", "part is int, expected string or binary", () -> column(texts, "part"));
    refused(
        "HLA_INPUT_TYPE",
        "text is string, expected array<int>",
        () -> TextIds.ids(texts, "text", null, null, List.of()));
    refused(
        "HLA_OUTPUT_COLUMN",
        "expected id once",
        () -> column(texts.withColumnRenamed("part", "id"), "text", "id"));
  }

  /** The plan of the table stays a part of the plan, and nothing runs before the first action. */
  @Test
  void columnsAreLazyAndTheirPlanIsSeen() {
    Dataset<Row> texts = texts(1, text("a", 1, "x"));
    texts.write().parquet(folder.resolve("texts").toString());
    Dataset<Row> stored = texts.sparkSession().read().parquet(folder.resolve("texts").toString());
    Dataset<Row> table = joined(stored.where("part > 0"));
    assertThat(table.queryExecution().toString())
        .contains("Tokens bytes of text by doc in the order of part")
        .contains("FileScan parquet")
        .contains("PushedFilters: [IsNotNull(part), GreaterThan(part,0)]");
    Dataset<Row> twice = table.as("l").join(table.as("r"), col("l.pos").equalTo(col("r.pos")));
    assertThat(twice.count()).isEqualTo(1);
  }

  private static Dataset<Row> joined(Dataset<Row> texts) {
    return TextIds.column(texts, "text", "doc", "part", List.of(), BYTES);
  }

  private static Dataset<Row> column(Dataset<Row> texts, String column, String... keep) {
    return TextIds.column(texts, column, "doc", null, List.of(keep), BYTES);
  }

  private static void refused(String condition, String message, ThrowingCallable action) {
    assertThatThrownBy(action)
        .satisfies(
            thrown -> {
              Throwable cause = thrown;
              while (!(cause instanceof InputException) && cause.getCause() != null) {
                cause = cause.getCause();
              }
              assertThat(cause).isInstanceOf(InputException.class).hasMessageContaining(message);
              assertThat(((InputException) cause).condition()).isEqualTo(condition);
            });
  }

  private static Vocabulary vocabulary(String... words) {
    return Vocabulary.of("words", List.of(words));
  }

  private static Row text(String doc, Integer part, String text) {
    return RowFactory.create(doc, part, text);
  }

  private static Dataset<Row> texts(int partitions, Row... rows) {
    StructType schema =
        new StructType()
            .add("doc", DataTypes.StringType)
            .add("part", DataTypes.IntegerType)
            .add("text", DataTypes.StringType);
    SparkSession spark = newSession();
    var context = org.apache.spark.api.java.JavaSparkContext.fromSparkContext(spark.sparkContext());
    return spark.createDataFrame(context.parallelize(Arrays.asList(rows), partitions), schema);
  }

  private static Dataset<Row> files(int splitBytes, Tokenizer tokenizer, Path... files) {
    return TextIds.files(
        Sample.newSession(),
        Arrays.stream(files).map(Path::toString).toList(),
        tokenizer,
        Map.of(
            "spark.sql.files.maxPartitionBytes", Integer.toString(splitBytes),
            "spark.sql.files.openCostInBytes", "1",
            "spark.sql.files.minPartitionNum", "1"));
  }

  private static int[] ids(Dataset<Row> table, String sequence) {
    return ids(table).get(sequence);
  }

  /** The ids of every sequence; its positions count from 0. */
  private static Map<String, int[]> ids(Dataset<Row> table) {
    Map<String, TreeMap<Long, int[]>> found = new TreeMap<>();
    Dataset<Row> tokens = table.select("seq", "pos", "id");
    ((org.apache.spark.sql.classic.Dataset<Row>) tokens)
        .queryExecution().toRdd().toJavaRDD().mapPartitions(TextIdsTest::runs).collect().stream()
            .forEach(
                run ->
                    assertThat(
                            found
                                .computeIfAbsent(run.sequence, s -> new TreeMap<>())
                                .put(run.first, run.ids))
                        .isNull());
    Map<String, int[]> ids = new TreeMap<>();
    found.forEach(
        (sequence, runs) -> {
          int[] all = {};
          for (Map.Entry<Long, int[]> run : runs.entrySet()) {
            assertThat(run.getKey()).as(sequence).isEqualTo(all.length);
            all = IntStream.concat(IntStream.of(all), IntStream.of(run.getValue())).toArray();
          }
          ids.put(sequence, all);
        });
    return ids;
  }

  /** Tokens of a sequence whose positions are consecutive. */
  private record Run(String sequence, long first, int[] ids) implements Serializable {}

  private static Iterator<Run> runs(Iterator<InternalRow> rows) {
    List<Run> runs = new ArrayList<>();
    String sequence = null;
    long first = 0;
    IntStream.Builder ids = IntStream.builder();
    long next = -1;
    while (rows.hasNext()) {
      InternalRow row = rows.next();
      if (row.getLong(1) != next || !row.getString(0).equals(sequence)) {
        if (sequence != null) {
          runs.add(new Run(sequence, first, ids.build().toArray()));
        }
        ids = IntStream.builder();
        sequence = row.getString(0);
        first = row.getLong(1);
        next = first;
      }
      ids.add(row.getInt(2));
      next++;
    }
    if (sequence != null) {
      runs.add(new Run(sequence, first, ids.build().toArray()));
    }
    return runs.iterator();
  }

  private static SparkSession newSession() {
    SparkSession spark = Sample.newSession();
    spark.conf().set("spark.sql.shuffle.partitions", "3");
    return spark;
  }

  private static int[] unsigned(byte[] bytes) {
    return IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xFF).toArray();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
