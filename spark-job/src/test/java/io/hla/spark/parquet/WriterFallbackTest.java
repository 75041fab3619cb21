package io.hla.spark.parquet;

import static io.hla.spark.parquet.WrittenTables.bits;
import static io.hla.spark.parquet.WrittenTables.files;
import static io.hla.spark.parquet.WrittenTables.footer;
import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings that Spark's writer is left to, and codecs. */
class WriterFallbackTest {
  private final SparkSession spark = TestSpark.newSession();

  @TempDir Path folder;

  private Dataset<Row> table() {
    return spark
        .range(0, 50, 1, 1)
        .selectExpr("id pos", "array(cast(id as float), 1f) o", "id % 3 word");
  }

  private Path save(Map<String, String> options) {
    WrittenTables.write(table(), folder.resolve("out"), options);
    assertThat(bits(spark.read().parquet(folder + "/out"))).isEqualTo(bits(table()));
    return folder.resolve("out");
  }

  @ParameterizedTest
  @CsvSource({
    "parquet.writer.version, PARQUET_2_0, parquet.writer.version is PARQUET_2_0",
    "parquet.bloom.filter.enabled, true, parquet.bloom.filter.enabled is true",
    "parquet.bloom.filter.enabled#o.list.element, true,"
        + " parquet.bloom.filter.enabled#o.list.element is true",
    "parquet.enable.dictionary#o.list.element, true,"
        + " parquet.enable.dictionary#o.list.element is true",
    "parquet.enable.bytestreamsplit, true, parquet.enable.bytestreamsplit is true"
  })
  void optionsOfOtherPages(String option, String value, String reason) {
    Map<String, String> options = Map.of(option, value);
    assertThat(WriterFallback.reason(spark, options, table().schema())).isEqualTo(reason);
    assertThat(VectorTableTest.isOurs(save(options))).isFalse();
  }

  @Test
  void encryption() {
    Map<String, String> options = Map.of("parquet.crypto.factory.class", "some.Factory");
    assertThat(WriterFallback.reason(spark, options, table().schema()))
        .isEqualTo("parquet.crypto.factory.class is set");
  }

  @Test
  void theLegacyFormat() {
    spark.conf().set("spark.sql.parquet.writeLegacyFormat", true);
    assertThat(WriterFallback.reason(spark, Map.of(), table().schema()))
        .isEqualTo("spark.sql.parquet.writeLegacyFormat is true");
    WrittenTables.write(table(), folder.resolve("out"), Map.of());
    assertThat(footer(files(folder.resolve("out")).get(0)).getFileMetaData().getSchema().toString())
        .doesNotContain("element");
  }

  @Test
  void variantsAndTablesWithoutVectors() {
    Dataset<Row> variants = table().selectExpr("o", "array(parse_json('1')) w");
    assertThat(WriterFallback.reason(spark, Map.of(), variants.schema()))
        .isEqualTo("column w holds variants");
    assertThat(WriterFallback.reason(spark, Map.of(), table().select("pos").schema()))
        .isEqualTo("no column of type array<float> or array<double>");
    WrittenTables.write(table().select("pos"), folder.resolve("scalars"), Map.of());
    assertThat(spark.read().parquet(folder + "/scalars").count()).isEqualTo(50);
  }

  @ParameterizedTest
  @CsvSource({
    "parquet.bloom.filter.enabled#pos, true",
    "parquet.enable.dictionary#word, true",
    "parquet.enable.dictionary#o.list.element, false",
    "parquet.enable.dictionary, false"
  })
  void otherColumnsHaveWhatTheyAskFor(String option, String value) {
    Map<String, String> options = Map.of(option, value);
    assertThat(WriterFallback.reason(spark, options, table().schema())).isNull();
    Path written = save(options);
    assertThat(VectorTableTest.isOurs(written)).isTrue();
    List<ColumnChunkMetaData> columns =
        footer(files(written).get(0)).getBlocks().get(0).getColumns();
    assertThat(columns.get(0).getBloomFilterOffset() >= 0).isEqualTo(option.contains("bloom"));
    assertThat(columns.get(2).hasDictionaryPage()).isEqualTo(!option.endsWith("dictionary"));
  }

  @ParameterizedTest
  @CsvSource({
    ",, UNCOMPRESSED, SNAPPY, .snappy.parquet",
    "compression, gzip, GZIP, GZIP, .gz.parquet",
    "Compression, none, UNCOMPRESSED, UNCOMPRESSED, .parquet",
    "parquet.compression, zstd, ZSTD, ZSTD, .zstd.parquet",
    "spark.sql.parquet.compression.codec, lz4_raw, LZ4_RAW, LZ4_RAW, .lz4raw.parquet"
  })
  void codecs(String key, String value, String ofVectors, String ofOthers, String extension) {
    Map<String, String> options = new HashMap<>();
    if (key != null && key.startsWith("spark.")) {
      spark.conf().set(key, value);
    } else if (key != null) {
      options.put(key, value);
    }
    Path file = files(save(options)).get(0);
    assertThat(file.toString()).endsWith(extension);
    assertThat(footer(file).getBlocks().get(0).getColumns())
        .extracting(column -> column.getCodec().name())
        .containsExactly(ofOthers, ofVectors, ofOthers);
  }
}
