package io.hla.spark.parquet;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.crypto.keytools.KmsClient;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables of several writers, read with vectors from pages and by Spark's reader alone. */
class VectorScanTest extends ListTables {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 64, 512})
  void listsOfEveryWidthAreReadFromPages(int width) {
    for (DataType type : List.of(DataTypes.FloatType, DataTypes.DoubleType)) {
      Path table = write(rows(500, type, i -> width), type, width % 2 == 0, PLAIN);
      RawScan.of(spark, table).assertRaw();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "snappy, PARQUET_1_0", "uncompressed, PARQUET_1_0", "zstd, PARQUET_1_0", "gzip, PARQUET_1_0",
    "snappy, PARQUET_2_0", "uncompressed, PARQUET_2_0", "zstd, PARQUET_2_0", "lz4_raw, PARQUET_2_0"
  })
  void pagesOfEveryCodecAndVersion(String codec, String version) {
    Map<String, String> options =
        with(PLAIN, "compression", codec, "parquet.writer.version", version);
    Path table =
        write(rows(2000, DataTypes.FloatType, i -> 20), DataTypes.FloatType, true, options);
    RawScan.of(spark, table).assertRaw();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void listsAsOldVersionsOfSparkLaidThemOut(boolean nullable) {
    spark.conf().set("spark.sql.parquet.writeLegacyFormat", true);
    Map<String, String> options = Map.of("parquet.enable.dictionary", "false");
    Path table =
        write(rows(300, DataTypes.FloatType, i -> 12), DataTypes.FloatType, nullable, options);
    RawScan.of(spark, table).assertRaw();
  }

  @Test
  void batchesCrossPagesAndRowGroups() {
    Map<String, String> options =
        with(PLAIN, "parquet.page.size", "3000", "parquet.block.size", "40000");
    Path table =
        write(rows(5000, DataTypes.FloatType, i -> 7), DataTypes.FloatType, false, options);
    RawScan.of(spark, table).assertRaw();
    spark.conf().set("spark.sql.files.maxPartitionBytes", 50_000);
    RawScan split = RawScan.of(spark, table);
    assertThat(split.ours().javaRDD().getNumPartitions()).isGreaterThan(2);
    split.assertRaw();
  }

  /** Arrays go from reader to reader, and must not do so while one of them still reads. */
  @ParameterizedTest
  @ValueSource(strings = {"none", "snappy", "zstd"})
  void tasksBesideEachOtherDoNotShareArrays(String codec) {
    Path table = folder.resolve("beside");
    frame(rows(8000, DataTypes.FloatType, i -> 32), DataTypes.FloatType, false)
        .repartition(8)
        .write()
        .options(with(PLAIN, "compression", codec, "parquet.page.size", "20000"))
        .parquet(table.toString());
    for (int turn = 0; turn < 15; turn++) {
      RawScan.of(spark, table).assertRaw();
    }
  }

  /** Of one number, of many, and so many that the writer goes on without. */
  @ParameterizedTest
  @CsvSource({
    "1, none, PARQUET_1_0",
    "2, snappy, PARQUET_1_0",
    "300, none, PARQUET_2_0",
    "300, zstd, PARQUET_1_0",
    "100000, snappy, PARQUET_1_0"
  })
  void numbersOfDictionaries(int distinct, String codec, String version) {
    for (DataType type : List.of(DataTypes.FloatType, DataTypes.DoubleType)) {
      List<Row> rows = new ArrayList<>();
      for (long i = 0; i < 2000; i++) {
        rows.add(RowFactory.create(i, few(9, distinct, type), few(2, distinct, type), "x"));
      }
      Map<String, String> options =
          with(
              Map.of(),
              "compression",
              codec,
              "parquet.writer.version",
              version,
              "parquet.page.size",
              "3000",
              "parquet.dictionary.page.size",
              "20000",
              "parquet.block.size",
              "40000");
      RawScan.of(spark, write(rows, type, true, options)).assertRaw();
    }
  }

  /** A page of some bytes that would be 80 MB of numbers. */
  @Test
  void pagesThatWouldBeTooLargeAreLeftToSpark() {
    Path table = folder.resolve("constant");
    spark
        .range(0, 19_000, 1, 1)
        .selectExpr("id pos", "array_repeat(1f, 1024) q")
        .write()
        .option("parquet.page.row.count.limit", "19000")
        .option("parquet.page.size", "1000000000")
        .parquet(table.toString());
    RawScan.of(spark, table).assertFallenBack();
  }

  private List<Number> few(int count, int distinct, DataType type) {
    return numbers(count, type, () -> random.nextInt(distinct) / 3d);
  }

  /** An encoding that Spark's vectorized reader does not read, so its other one is asked. */
  @ParameterizedTest
  @CsvSource({
    "SNAPPY, PARQUET_1_0",
    "UNCOMPRESSED, PARQUET_1_0",
    "ZSTD, PARQUET_2_0",
    "SNAPPY, PARQUET_2_0"
  })
  void numbersWhoseBytesAreApart(CompressionCodecName codec, WriterVersion version)
      throws IOException {
    for (String type : List.of("float", "double")) {
      Path table = folder.resolve(type);
      MessageType schema =
          MessageTypeParser.parseMessageType(
              """
              message rows {
                required int64 pos;
                required group q (LIST) { repeated group list { required %s element; } }
                required group v (LIST) { repeated group list { required %s element; } }
                optional binary word (STRING);
              }
              """
                  .formatted(type, type));
      try (ParquetWriter<Group> writer =
          ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(table + "/part.parquet"))
              .withType(schema)
              .withCompressionCodec(codec)
              .withWriterVersion(version)
              .withDictionaryEncoding(false)
              .withByteStreamSplitEncoding(true)
              .withPageSize(3000)
              .build()) {
        for (int i = 0; i < 700; i++) {
          writer.write(group(schema, i, type.equals("float")));
        }
      }
      RawScan scan = RawScan.of(spark, table);
      SparkSession other = spark.newSession();
      other.conf().set("spark.sql.parquet.enableVectorizedReader", false);
      assertThat(scan.ours().collectAsList())
          .hasSize(700)
          .isEqualTo(other.read().parquet(table.toString()).collectAsList());
      assertThat((Long) scan.counts().raw().value()).isEqualTo(700);
      assertThatThrownBy(() -> spark.read().parquet(table.toString()).collectAsList())
          .as("Spark's vectorized reader, which is why this test needs another")
          .hasStackTraceContaining("BYTE_STREAM_SPLIT");
    }
  }

  private Group group(MessageType schema, int row, boolean floats) {
    Group group = new SimpleGroup(schema);
    group.add("pos", (long) row);
    for (String column : List.of("q", "v")) {
      Group list = group.addGroup(column);
      for (int i = 0; i < (column.equals("q") ? 9 : 3); i++) {
        double number = random.nextGaussian() * Math.pow(10, random.nextInt(60) - 30);
        if (floats) {
          list.addGroup("list").add("element", (float) number);
        } else {
          list.addGroup("list").add("element", number);
        }
      }
    }
    group.add("word", "w" + row % 7);
    return group;
  }

  @Test
  void raggedListsWhoseMeanIsWholeAreFoundInTheirPages() {
    // The footer promises lists of 4: there are as many values as if all of them were.
    Map<String, String> options = with(PLAIN, "parquet.page.size", "2000");
    IntFunction<Integer> widths = i -> i < 3000 ? 4 : 3 + 2 * (i % 2);
    Path table = write(rows(4000, DataTypes.FloatType, widths), DataTypes.FloatType, true, options);
    RawScan scan = RawScan.of(spark, table);
    scan.assertFallenBack();
    assertThat((Long) scan.counts().raw().value()).isBetween(2000L, 3000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"list", "element", "empty", "element without statistics"})
  void whatIsNotThereIsLeftToSpark(String what) {
    List<Row> rows = rows(300, DataTypes.FloatType, i -> 1);
    List<Float> instead =
        switch (what) {
          case "list" -> null;
          case "empty" -> List.of();
          default -> Arrays.asList((Float) null);
        };
    rows.set(200, RowFactory.create(200L, instead, List.of(1f), "x"));
    Map<String, String> options =
        what.endsWith("statistics")
            ? with(PLAIN, "parquet.column.statistics.enabled", "false")
            : PLAIN;
    RawScan.of(spark, write(rows, DataTypes.FloatType, true, options)).assertFallenBack();
  }

  @Test
  void otherColumnsStandWhereTheyWere() {
    Path table = write(rows(300, DataTypes.FloatType, i -> 5), DataTypes.FloatType, true, PLAIN);
    RawScan scan = RawScan.of(spark, table);
    for (String[] columns :
        new String[][] {{"q"}, {"v", "q"}, {"word", "v"}, {"pos"}, {"v", "pos", "word", "q"}}) {
      assertThat(scan.ours().select(columns(columns)).collectAsList())
          .isEqualTo(scan.sparks().select(columns(columns)).collectAsList());
    }
    assertThat(scan.ours().selectExpr("sum(q[3])", "max(v)").collectAsList())
        .isEqualTo(scan.sparks().selectExpr("sum(q[3])", "max(v)").collectAsList());
  }

  private static org.apache.spark.sql.Column[] columns(String... names) {
    return Stream.of(names).map(name -> col(name)).toArray(org.apache.spark.sql.Column[]::new);
  }

  @Test
  void filtersAndPartitionsAreSparks() {
    Path table = folder.resolve("partitioned");
    frame(rows(600, DataTypes.FloatType, i -> 5), DataTypes.FloatType, true)
        .withColumn("part", col("pos").mod(3))
        .write()
        .options(PLAIN)
        .partitionBy("part")
        .parquet(table.toString());
    RawScan scan = RawScan.of(spark, table);
    scan.assertRaw();
    for (String filter : List.of("pos = 77", "pos between 100 and 200", "part = 1", "q[0] > 0")) {
      assertThat(scan.ours().where(filter).orderBy("pos").collectAsList())
          .isNotEmpty()
          .isEqualTo(scan.sparks().where(filter).orderBy("pos").collectAsList());
    }
  }

  @Test
  void filesOfSeveralSchemasAreOneTable() {
    Path table = folder.resolve("merged");
    rowsOf(200).select("pos", "q").write().options(PLAIN).parquet(table.toString());
    rowsOf(200).select("pos", "v").write().options(PLAIN).mode("append").parquet(table.toString());
    rowsOf(200)
        .select(col("pos"), col("q").as("Q"), col("v"))
        .write()
        .options(PLAIN)
        .mode("append")
        .parquet(table.toString());
    StructType asked =
        new StructType()
            .add("pos", DataTypes.LongType)
            .add("q", DataTypes.createArrayType(DataTypes.FloatType))
            .add("v", DataTypes.createArrayType(DataTypes.FloatType));
    RawScan scan = RawScan.of(spark, spark.read().schema(asked).parquet(table.toString()));
    scan.assertFallenBack();
    assertThat((Long) scan.counts().raw().value()).isEqualTo(200);
  }

  private Dataset<Row> rowsOf(int count) {
    return frame(rows(count, DataTypes.FloatType, i -> 5), DataTypes.FloatType, true).coalesce(1);
  }

  @Test
  void anEmptyTableHasNoRows() {
    Path table = write(List.of(), DataTypes.FloatType, true, PLAIN);
    assertThat(RawScan.of(spark, table).assertSame()).isZero();
  }

  @Test
  void aTableWrittenAtRandom() {
    for (int turn = 0; turn < 25; turn++) {
      DataType type = random.nextBoolean() ? DataTypes.FloatType : DataTypes.DoubleType;
      int width = 1 + random.nextInt(40);
      boolean ragged = random.nextInt(5) == 0;
      Map<String, String> options =
          with(
              random.nextInt(4) > 0 ? PLAIN : Map.of(),
              "parquet.page.size",
              Integer.toString(200 + random.nextInt(20_000)),
              "parquet.block.size",
              Integer.toString(5000 + random.nextInt(200_000)),
              "parquet.page.row.count.limit",
              Integer.toString(1 + random.nextInt(300)),
              "parquet.writer.version",
              random.nextBoolean() ? "PARQUET_1_0" : "PARQUET_2_0",
              "compression",
              List.of("none", "snappy", "zstd", "gzip").get(random.nextInt(4)));
      spark.conf().set("spark.sql.parquet.columnarReaderBatchSize", 1 + random.nextInt(500));
      int count = random.nextInt(3000);
      IntFunction<Integer> widths = i -> ragged && random.nextInt(50) == 0 ? width + 1 : width;
      Path table = write(rows(count, type, widths), type, random.nextBoolean(), options);
      RawScan.of(spark, table).assertSame();
    }
  }

  @Test
  void vectorsThatNobodyAsksForAreNotRead() {
    Map<String, String> options =
        with(PLAIN, "parquet.page.size", "3000", "parquet.block.size", "40000");
    Path table =
        write(rows(5000, DataTypes.FloatType, i -> 7), DataTypes.FloatType, false, options);
    // Asked for here and there only, so that rows, pages and row groups are passed over.
    String some = "case when pos % 1000 between 300 and 310 then q end as some";
    RawScan scan = RawScan.of(spark, spark.read().parquet(table.toString()));
    assertThat(scan.ours().selectExpr("pos", some).collectAsList())
        .isEqualTo(scan.sparks().selectExpr("pos", some).collectAsList());
    assertThat((Long) scan.counts().raw().value()).isBetween(55L, 640L);
  }

  /** Keys that lie in the file itself: whoever has the file can read it. */
  public static final class OpenKeys implements KmsClient {
    @Override
    public void initialize(
        Configuration configuration, String instance, String address, String token) {}

    @Override
    public String wrapKey(byte[] key, String master) {
      return Base64.getEncoder().encodeToString(key);
    }

    @Override
    public byte[] unwrapKey(String wrapped, String master) {
      return Base64.getDecoder().decode(wrapped);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void encryptedColumnsAreSparks(boolean plaintextFooter) {
    Configuration conf = spark.sparkContext().hadoopConfiguration();
    Map<String, String> encryption =
        Map.of(
            "parquet.crypto.factory.class",
            "org.apache.parquet.crypto.keytools.PropertiesDrivenCryptoFactory",
            "parquet.encryption.kms.client.class",
            OpenKeys.class.getName(),
            "parquet.encryption.footer.key",
            "footer",
            "parquet.encryption.column.keys",
            "vectors: q.list.element, v.list.element",
            "parquet.encryption.plaintext.footer",
            String.valueOf(plaintextFooter));
    encryption.forEach(conf::set);
    try {
      Path table =
          write(rows(300, DataTypes.FloatType, i -> 16), DataTypes.FloatType, false, PLAIN);
      RawScan.of(spark, table).assertFallenBack();
    } finally {
      encryption.keySet().forEach(conf::unset);
    }
  }

  /** Pages go by; who goes back, or wants a vector as a whole, gets Spark's. */
  @Test
  void batchesMayBeReadInAnyOrder() {
    spark.conf().set("spark.sql.parquet.columnarReaderBatchSize", 1000);
    Path table =
        write(
            rows(2500, DataTypes.FloatType, i -> 16),
            DataTypes.FloatType,
            false,
            with(PLAIN, "parquet.page.size", "3000"));
    RawScan scan = RawScan.of(spark, table);
    List<float[]> expected =
        scan.sparks().select("q").collectAsList().stream()
            .map(row -> floats(row.<Float>getList(0)))
            .toList();
    List<float[]> forwards = vectors(scan, batch -> IntStream.range(0, batch.numRows()));
    assertThat(forwards).usingRecursiveComparison().isEqualTo(expected);
    assertThat((Long) scan.counts().fallbacks().value()).isZero();
    List<float[]> zigzag =
        vectors(
            scan,
            batch -> {
              assertThat(batch.column(1).isNullAt(batch.numRows() - 1)).isFalse();
              return IntStream.range(0, batch.numRows());
            });
    assertThat(zigzag).usingRecursiveComparison().isEqualTo(expected);
    assertThat((Long) scan.counts().fallbacks().value()).isEqualTo(1);
    List<float[]> whole =
        vectors(
            scan,
            batch -> {
              assertThat(batch.column(1).hasNull()).isFalse();
              assertThat(batch.column(1).numNulls()).isZero();
              assertThat(batch.column(1).getChild(0).hasNull()).isFalse();
              return IntStream.range(0, batch.numRows());
            });
    assertThat(whole).usingRecursiveComparison().isEqualTo(expected);
    assertThat((Long) scan.counts().fallbacks().value()).isEqualTo(2);
  }

  private interface Rows extends Serializable {
    IntStream of(ColumnarBatch batch);
  }

  /** Vectors q of rows of every batch, as the scan shows them. */
  private static List<float[]> vectors(RawScan scan, Rows rows) {
    return scan.columnar()
        .mapPartitions(
            batches -> {
              List<float[]> found = new ArrayList<>();
              batches.forEachRemaining(
                  batch ->
                      rows.of(batch)
                          .forEach(row -> found.add(batch.column(1).getArray(row).toFloatArray())));
              return found.iterator();
            })
        .collect();
  }

  private static float[] floats(List<Float> list) {
    float[] floats = new float[list.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = list.get(i);
    }
    return floats;
  }

  /** A page breaks the promise of its file when rows of its batch were shown already. */
  @Test
  void aPageThatBreaksThePromiseInTheMiddleOfABatch() {
    spark.conf().set("spark.sql.parquet.columnarReaderBatchSize", 1000);
    Path table =
        write(
            // As many numbers as if all were of 8.
            rows(1000, DataTypes.FloatType, i -> i < 700 ? 8 : i % 2 == 0 ? 7 : 9),
            DataTypes.FloatType,
            false,
            with(PLAIN, "parquet.page.size", "1000"));
    RawScan.of(spark, table).assertFallenBack();
  }
}
