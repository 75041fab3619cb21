package io.hla.spark.parquet;

import static io.hla.spark.parquet.WrittenTables.assertSame;
import static io.hla.spark.parquet.WrittenTables.files;
import static io.hla.spark.parquet.WrittenTables.footer;
import static io.hla.spark.parquet.WrittenTables.schema;
import static io.hla.spark.parquet.WrittenTables.vector;
import static io.hla.spark.parquet.WrittenTables.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.TestSpark;
import io.hla.spark.internals.SparkLine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables written by us against Spark's own files of the same rows. */
class VectorParquetFormatTest {
  private static final long SEED = 5;

  private static final SparkSession SPARK = TestSpark.newSession();
  private final Random random = new Random(SEED);

  @TempDir Path folder;

  /** Below 8 levels are bit-packed alone, from 16 on every row has a run; 9 to 15 cross bytes. */
  static Stream<Arguments> widths() {
    return IntStream.concat(IntStream.rangeClosed(1, 17), IntStream.of(64, 512))
        .boxed()
        .flatMap(
            width ->
                Stream.of(DataTypes.FloatType, DataTypes.DoubleType)
                    .map(type -> Arguments.of(width, type, width % 2 == 0, width % 3 == 0)));
  }

  @ParameterizedTest
  @MethodSource("widths")
  void everyWidth(int width, DataType element, boolean nullableRows, boolean nullableElements) {
    compare(
        schema(element, nullableRows, nullableElements),
        300,
        i -> vector(element, width, 0, random),
        // Pages of 40 rows and less, which end between any positions.
        Map.of("parquet.page.size", "4096"));
  }

  static Stream<Arguments> types() {
    return Stream.of(DataTypes.FloatType, DataTypes.DoubleType)
        .flatMap(
            type ->
                Stream.of(
                    Arguments.of(type, false, false),
                    Arguments.of(type, true, false),
                    Arguments.of(type, false, true),
                    Arguments.of(type, true, true)));
  }

  /** Stretches of one width, then rows of all kinds that the type allows. */
  @ParameterizedTest
  @MethodSource("types")
  void raggedRows(DataType element, boolean nullableRows, boolean nullableElements) {
    IntFunction<List<Object>> rows =
        i -> {
          int kind = random.nextInt(i < 400 ? 100 : 6);
          return switch (kind) {
            case 0 -> nullableRows ? null : List.of();
            case 1 -> List.of();
            case 2 -> vector(element, random.nextInt(20), nullableElements ? 0.4 : 0, random);
            case 3 -> vector(element, random.nextInt(700), 0, random);
            default -> vector(element, 24, 0, random);
          };
        };
    compare(schema(element, nullableRows, nullableElements), 900, rows, Map.of());
    compare(
        schema(element, nullableRows, nullableElements),
        900,
        rows,
        Map.of("parquet.page.size", "2000", "parquet.block.size", "60000"));
  }

  @Test
  void rowsOfOneKindAlone() {
    StructType all = schema(DataTypes.FloatType, true, true);
    compare(all, 50, i -> null, Map.of());
    compare(all, 50, i -> List.of(), Map.of());
    compare(all, 50, i -> Arrays.asList(null, null, null), Map.of());
    compare(all, 0, i -> null, Map.of());
    compare(all, 1, i -> vector(DataTypes.FloatType, 3, 0, random), Map.of());
    // Rows that are larger than a page.
    compare(
        all,
        9,
        i -> vector(DataTypes.FloatType, 2000, 0, random),
        Map.of("parquet.page.size", "100"));
    compare(
        all,
        9,
        i -> vector(DataTypes.FloatType, 900, 0.2, random),
        Map.of("parquet.page.size", "100"));
  }

  @Test
  void rowGroupsHaveTheirSize() {
    Path ours =
        compare(
            schema(DataTypes.FloatType, false, false),
            4000,
            i -> vector(DataTypes.FloatType, 64, 0, random),
            Map.of("parquet.block.size", "100000"));
    List<BlockMetaData> blocks = footer(files(ours).get(0)).getBlocks();
    assertThat(blocks).hasSizeGreaterThan(3);
    assertThat(blocks).allSatisfy(b -> assertThat(b.getTotalByteSize()).isLessThan(130_000));
    Path limited =
        compare(
            schema(DataTypes.FloatType, false, false),
            200,
            i -> vector(DataTypes.FloatType, 8, 0, random),
            Map.of("parquet.block.row.count.limit", "30", "parquet.page.row.count.limit", "7"));
    // The Parquet of Spark 4.0 knows no such limit.
    int limit = SparkLine.NAME.equals("4.0") ? 200 : 30;
    assertThat(footer(files(limited).get(0)).getBlocks())
        .allSatisfy(block -> assertThat(block.getRowCount()).isLessThanOrEqualTo(limit));
  }

  /** Spark's writer would write another list, or none at all. */
  @Test
  void nullsAgainstTheTypeAreRefused() {
    MessageType schema =
        MessageTypeParser.parseMessageType(
            "message m { required group o (LIST) { repeated group list { required float element; } } }");
    VectorColumnWriter column =
        new VectorColumnWriter(
            schema,
            0,
            ParquetProperties.builder().build(),
            new CodecFactory(new Configuration(), 1).getCompressor(CompressionCodecName.SNAPPY),
            new WriterBuffers(1000));
    Object withNull = new GenericArrayData(new Object[] {1f, null});
    assertThatThrownBy(() -> column.add(new GenericInternalRow(new Object[] {withNull})))
        .hasMessage("an element of column o is null, expected none by its type");
    assertThatThrownBy(() -> column.add(new GenericInternalRow(new Object[] {null})))
        .hasMessage("a row of column o is null, expected none by its type");
  }

  @Test
  void severalVectorsBetweenAllKindsOfColumns() {
    Dataset<Row> table =
        SPARK
            .range(0, 500, 1, 1)
            .selectExpr(
                "array(cast(id as float), 1f) a",
                "id",
                "struct(id x, array(1d, id) y) nested",
                "array(cast(id as double)) b",
                "array(0f, cast(id as float)) c",
                "map(id, cast(id as string)) m",
                "cast(id as decimal(20, 3)) d",
                "timestamp_micros(id) t",
                "date_from_unix_date(id) day",
                "array(id) longs",
                "cast(cast(id as string) as binary) bytes",
                "transform(sequence(0, id % 5), x -> cast(x as double)) `e,f.g`");
    table.write().parquet(folder + "/sparks");
    write(table, folder.resolve("ours"), Map.of());
    assertSame(folder.resolve("ours"), folder.resolve("sparks"));
    write(table, folder.resolve("named"), Map.of("vectors", "C, a"));
    assertSame(folder.resolve("named"), folder.resolve("sparks"));
    write(table, folder.resolve("odd"), Map.of("Vectors", "e,f.g"));
    assertSame(folder.resolve("odd"), folder.resolve("sparks"));
    Dataset<Row> vectorsAlone = table.select("a", "b");
    vectorsAlone.write().parquet(folder + "/sparksAlone");
    write(vectorsAlone, folder.resolve("oursAlone"), Map.of());
    assertSame(folder.resolve("oursAlone"), folder.resolve("sparksAlone"));
  }

  static Stream<Arguments> bytes() {
    return Stream.of(
        Arguments.of(true, "none", Map.of()),
        Arguments.of(false, "none", Map.of()),
        Arguments.of(true, "zstd", Map.of("parquet.page.size", "700")),
        Arguments.of(false, "snappy", Map.of("parquet.page.row.count.limit", "3")),
        Arguments.of(true, "gzip", Map.of("parquet.block.size", "20000")));
  }

  /** Values of no byte and of many, nulls in stretches, pages that hold one value and more. */
  @ParameterizedTest
  @MethodSource("bytes")
  void bytesAreWrittenAsTheyAre(boolean nullable, String codec, Map<String, String> options) {
    StructType schema =
        new StructType()
            .add("pos", DataTypes.LongType)
            .add("state", DataTypes.BinaryType, nullable)
            .add("o", DataTypes.createArrayType(DataTypes.FloatType));
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      byte[] value = new byte[random.nextInt(4) == 0 ? 0 : random.nextInt(1000)];
      random.nextBytes(value);
      boolean isNull = nullable && (i / 50 % 3 == 1 || random.nextInt(9) == 0);
      rows.add(RowFactory.create((long) i, isNull ? null : value, List.of(1f, i + 0.5f)));
    }
    Dataset<Row> table = SPARK.createDataFrame(rows, schema).coalesce(1);
    table.write().options(options).parquet(folder + "/sparks");
    Map<String, String> ofBytes = new HashMap<>(options);
    ofBytes.putAll(Map.of("vectors", "state", "compression", codec));
    write(table, folder.resolve("ours"), ofBytes);
    assertSame(folder.resolve("ours"), folder.resolve("sparks"));
    ColumnChunkMetaData state =
        footer(files(folder.resolve("ours")).get(0)).getBlocks().get(0).getColumns().get(1);
    assertThat(state.getEncodings()).noneMatch(Encoding::usesDictionary);
    assertThat(state.getStatistics().isEmpty()).isTrue();
  }

  @Test
  void bytesAgainstTheTypeAreRefused() {
    BytesColumnWriter column =
        new BytesColumnWriter(
            MessageTypeParser.parseMessageType("message m { required binary state; }"),
            0,
            ParquetProperties.builder().build(),
            new CodecFactory(new Configuration(), 1).getCompressor(CompressionCodecName.SNAPPY),
            new WriterBuffers(1000));
    assertThatThrownBy(() -> column.add(new GenericInternalRow(new Object[] {null})))
        .hasMessage("a row of column state is null, expected none by its type");
  }

  @Test
  void namesOfOtherColumnsAreRefused() {
    Dataset<Row> table = SPARK.range(3).selectExpr("id", "array(1f) a");
    assertThatThrownBy(() -> write(table, folder.resolve("x"), Map.of("vectors", "a,id")))
        .hasMessageContaining("option vectors names column id, which is bigint");
    assertThatThrownBy(() -> write(table, folder.resolve("x"), Map.of("vectors", "b")))
        .hasMessageContaining("option vectors names column b, which is absent");
  }

  @Test
  void isNoOthersEqual() {
    assertThat(new VectorParquetFormat())
        .isEqualTo(new VectorParquetFormat())
        .hasSameHashCodeAs(new VectorParquetFormat())
        .isNotEqualTo(new ParquetFileFormat());
  }

  /** Writes rows (seq, pos, o, tag) both ways and compares them; gives the folder of ours. */
  private Path compare(
      StructType schema,
      int count,
      IntFunction<List<Object>> vectors,
      Map<String, String> options) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(
          RowFactory.create(
              i % 7 == 0 ? null : "s" + i / 100,
              (long) i,
              vectors.apply(i),
              i % 11 == 0 ? null : i));
    }
    Dataset<Row> table = SPARK.createDataFrame(rows, schema).coalesce(1);
    Path place = folder.resolve("t" + random.nextLong());
    Path ours = place.resolve("ours");
    Path sparks = place.resolve("sparks");
    table.write().options(options).parquet(sparks.toString());
    write(table, ours, options);
    assertSame(ours, sparks);
    return ours;
  }
}
