package io.hla.spark.parquet;

import static io.hla.spark.parquet.WrittenTables.bits;
import static io.hla.spark.parquet.WrittenTables.files;
import static io.hla.spark.parquet.WrittenTables.footer;
import static io.hla.spark.parquet.WrittenTables.open;
import static io.hla.spark.parquet.WrittenTables.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our files under Parquet's own tools. */
class WrittenFileTest {
  private static final SparkSession SPARK = TestSpark.newSession();
  private static final int ROWS = 3000;
  private static final int WIDTH = 20;

  /** Pages of 200 rows of vectors and of 500 positions; rows groups of about 1000 rows. */
  private static final Map<String, String> SMALL =
      Map.of(
          "parquet.page.size", "16384",
          "parquet.page.row.count.limit", "500",
          "parquet.block.row.count.limit", "1000",
          "parquet.page.size.row.check.min", "100");

  /** Parquet of Spark 4.0 has no limit on the rows of a group. */
  private static final boolean LIMITS_ROWS =
      Stream.of(ParquetOutputFormat.class.getFields())
          .anyMatch(field -> field.getName().equals("BLOCK_ROW_COUNT_LIMIT"));

  @TempDir Path folder;

  private static Dataset<Row> table() {
    return SPARK
        .range(0, ROWS, 1, 1)
        .selectExpr(
            "id div 700 seq",
            "id pos",
            "transform(sequence(1, 20), x -> cast(id * x as float)) o",
            "cast(id as string) word");
  }

  private Path written(Map<String, String> options) {
    write(table(), folder.resolve("ours"), options);
    return files(folder.resolve("ours")).get(0);
  }

  /** Parquet's record reader assembles rows from levels by itself, and looks at the checksums. */
  @ParameterizedTest
  @ValueSource(strings = {"", "snappy", "zstd"})
  void everyValueIsReadByParquetItself(String codec) throws IOException {
    Map<String, String> options = new HashMap<>(SMALL);
    if (!codec.isEmpty()) {
      options.put("compression", codec);
    }
    Path file = written(options);
    Configuration conf = new Configuration();
    conf.setBoolean("parquet.page.verify-checksum.enabled", true);
    try (ParquetReader<Group> reader =
        ParquetReader.builder(
                new GroupReadSupport(), new org.apache.hadoop.fs.Path(file.toString()))
            .withConf(conf)
            .build()) {
      for (int i = 0; i < ROWS; i++) {
        Group row = reader.read();
        assertThat(row.getLong("pos", 0)).isEqualTo(i);
        assertThat(row.getString("word", 0)).isEqualTo("" + i);
        Group list = row.getGroup("o", 0);
        assertThat(list.getFieldRepetitionCount(0)).isEqualTo(WIDTH);
        for (int x = 0; x < WIDTH; x++) {
          assertThat(list.getGroup(0, x).getFloat(0, 0)).isEqualTo((float) i * (x + 1));
        }
      }
      assertThat(reader.read()).isNull();
    }
  }

  @Test
  void columnsHaveIndexesEncodingsAndCodecs() throws IOException {
    Path file = written(SMALL);
    try (ParquetFileReader reader = open(file)) {
      List<BlockMetaData> blocks = reader.getFooter().getBlocks();
      assertThat(blocks).hasSize(LIMITS_ROWS ? 3 : 1);
      for (BlockMetaData block : blocks) {
        assertThat(block.getColumns())
            .extracting(column -> column.getPath().toDotString())
            .containsExactly("seq", "pos", "o.list.element", "word");
        for (ColumnChunkMetaData column : block.getColumns()) {
          boolean vector = column.getPath().toDotString().startsWith("o.");
          assertThat(reader.readOffsetIndex(column).getPageCount()).isPositive();
          assertThat(reader.readColumnIndex(column) == null).isEqualTo(vector);
          assertThat(column.getCodec())
              .isEqualTo(vector ? CompressionCodecName.UNCOMPRESSED : CompressionCodecName.SNAPPY);
          if (vector) {
            assertThat(column.getEncodings()).isEqualTo(Set.of(Encoding.RLE, Encoding.PLAIN));
            assertThat(column.hasDictionaryPage()).isFalse();
            assertThat(column.getStatistics().isEmpty()).isTrue();
            assertThat(column.getValueCount()).isEqualTo(block.getRowCount() * WIDTH);
          }
        }
      }
    }
  }

  /** Levels included; a page begins and ends with rows. */
  @Test
  void pagesStayBelowTheirSize() throws IOException {
    try (ParquetFileReader reader = open(written(SMALL))) {
      PageReadStore group = reader.readNextRowGroup();
      PageReader pages =
          group.getPageReader(
              reader
                  .getFooter()
                  .getFileMetaData()
                  .getSchema()
                  .getColumnDescription(new String[] {"o", "list", "element"}));
      int values = 0;
      int count = 0;
      for (DataPage page = pages.readPage(); page != null; page = pages.readPage()) {
        DataPageV1 v1 = (DataPageV1) page;
        assertThat(v1.getUncompressedSize()).isLessThanOrEqualTo(16384);
        assertThat(v1.getValueCount() % WIDTH).isZero();
        values += v1.getValueCount();
        count++;
      }
      assertThat(values).isEqualTo(WIDTH * group.getRowCount());
      // 1000 rows of 80 bytes and their levels, or 3000.
      assertThat(count).isEqualTo(LIMITS_ROWS ? 6 : 16);
    }
  }

  @Test
  void footerEntriesAreThoseOfSpark() {
    Map<String, String> ours = footer(written(Map.of())).getFileMetaData().getKeyValueMetaData();
    table().write().parquet(folder + "/sparks");
    Path sparks = files(folder.resolve("sparks")).get(0);
    assertThat(ours).isEqualTo(footer(sparks).getFileMetaData().getKeyValueMetaData());
    assertThat(footer(files(folder.resolve("ours")).get(0)).getFileMetaData().getSchema())
        .isEqualTo(footer(sparks).getFileMetaData().getSchema());
    assertThat(files(folder.resolve("ours")).get(0).toString()).endsWith(".snappy.parquet");
  }

  @Test
  void checksumsAreLeftOutWhereTheyAreNotWanted() throws IOException {
    Path with = written(Map.of());
    write(
        table(), folder.resolve("without"), Map.of("parquet.page.write-checksum.enabled", "false"));
    assertThat(crc(with)).isTrue();
    assertThat(crc(files(folder.resolve("without")).get(0))).isFalse();
  }

  private static boolean crc(Path file) throws IOException {
    try (ParquetFileReader reader = open(file)) {
      return reader
          .readNextRowGroup()
          .getPageReader(reader.getFooter().getFileMetaData().getSchema().getColumns().get(2))
          .readPage()
          .getCrc()
          .isPresent();
    }
  }

  /** The page index of pos lets pages of vectors out, for Parquet and so for Spark. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pos = 1777 | 1777 | 1777",
        "pos in (1601, 1777) | 1601 | 1777",
        "pos between 450 and 520 | 450 | 520",
        "pos >= 2999 | 2999 | 2999",
        "pos < 0 | 1 | 0"
      })
  void filtersSkipPages(String condition, long first, long last) throws IOException {
    Path file = written(SMALL);
    table().write().options(SMALL).parquet(folder + "/sparks");
    for (boolean vectorized : new boolean[] {true, false}) {
      SparkSession spark = TestSpark.newSession();
      spark.conf().set("spark.sql.parquet.enableVectorizedReader", vectorized);
      assertThat(bits(spark.read().parquet(folder + "/ours").where(condition)))
          .isEqualTo(bits(spark.read().parquet(folder + "/sparks").where(condition)))
          .hasSize(condition.contains("in") ? 2 : (int) (last - first + 1));
    }
    FilterCompat.Filter filter =
        FilterCompat.get(
            FilterApi.and(
                FilterApi.gtEq(FilterApi.longColumn("pos"), first),
                FilterApi.ltEq(FilterApi.longColumn("pos"), last)));
    try (ParquetFileReader reader =
        new ParquetFileReader(
            HadoopInputFile.fromPath(
                new org.apache.hadoop.fs.Path(file.toString()), new Configuration()),
            HadoopReadOptions.builder(new Configuration()).withRecordFilter(filter).build())) {
      assertThat(reader.getFilteredRecordCount()).isLessThanOrEqualTo(1000);
      long rows = 0;
      for (PageReadStore group = reader.readNextFilteredRowGroup();
          group != null;
          group = reader.readNextFilteredRowGroup()) {
        rows += group.getRowCount();
      }
      assertThat(rows).isEqualTo(reader.getFilteredRecordCount());
    }
  }
}
