package io.hla.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.LocalInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;

/** Pages of vectors that are damaged, and the checksums that find it. */
class DamagedVectorsTest extends ListTables {

  /** Damage to vectors alone: on some of it in other columns Spark's own reader never ends. */
  @Test
  void damagedVectorsFailWithTheNameOfTheirFile() throws IOException {
    Map<String, String> options = with(PLAIN, "parquet.page.size", "3000");
    Path table =
        write(rows(3000, DataTypes.FloatType, i -> 16), DataTypes.FloatType, false, options);
    Path file = file(table);
    byte[] whole = Files.readAllBytes(file);
    int[] vectors = bytesOfVectors(file);
    spark.sparkContext().hadoopConfiguration().setBoolean("fs.file.checksum.verify", false);
    Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
    int failed = 0;
    for (int turn = 0; turn < 60; turn++) {
      byte[] damaged = whole.clone();
      for (int i = 0; i < 40; i++) {
        damaged[vectors[random.nextInt(vectors.length)]] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file, turn == 0 ? Arrays.copyOf(whole, whole.length / 2) : damaged);
      try {
        RawScan.of(
                spark,
                spark.read().schema(schema(DataTypes.FloatType, true)).parquet(table.toString()))
            .ours()
            .collectAsList();
      } catch (Exception e) {
        failed++;
        assertThat(e).hasStackTraceContaining(file.getFileName().toString());
      }
    }
    assertThat(failed).isPositive();
  }

  /** Where the pages of lists stand, byte by byte. */
  private static int[] bytesOfVectors(Path file) throws IOException {
    try (ParquetFileReader reader =
        ParquetFileReader.open(new LocalInputFile(file), ParquetReadOptions.builder().build())) {
      return reader.getFooter().getBlocks().stream()
          .flatMap(block -> block.getColumns().stream())
          .filter(column -> column.getPath().size() > 1)
          .flatMapToInt(
              column ->
                  IntStream.range(
                      (int) column.getStartingPos(),
                      (int) (column.getStartingPos() + column.getTotalSize())))
          .toArray();
    }
  }

  @Test
  void checksumsOfPagesAreVerifiedWhereTheyAreAskedFor() throws IOException {
    Path table = withOneBitFlipped();
    Path file = file(table);
    Files.delete(file.resolveSibling("." + file.getFileName() + ".crc"));
    RawScan.of(spark, table).assertRaw();
    Dataset<Row> verified =
        spark
            .read()
            .option("parquet.page.verify-checksum.enabled", "true")
            .parquet(table.toString());
    assertThatThrownBy(() -> RawScan.of(spark, verified).ours().collectAsList())
        .hasStackTraceContaining(file.getFileName().toString());
  }

  /** What Hadoop would find by the checksums that it keeps beside a local file. */
  @Test
  void aChangedLocalFileIsFoundByTheChecksumsOfItsPages() throws IOException {
    Path table = withOneBitFlipped();
    Path file = file(table);
    assertThatThrownBy(() -> RawScan.of(spark, table).ours().select("q").collectAsList())
        .hasStackTraceContaining(file.getFileName().toString());
  }

  @Test
  void pagesWithoutChecksumsOfAFileThatHasThemAreLeftToSpark() throws IOException {
    Map<String, String> options = with(PLAIN, "parquet.page.write-checksum.enabled", "false");
    Path table = write(rows(300, DataTypes.FloatType, i -> 16), DataTypes.FloatType, true, options);
    RawScan.of(spark, table).assertFallenBack();
    Path file = file(table);
    Files.delete(file.resolveSibling("." + file.getFileName() + ".crc"));
    RawScan.of(spark, table).assertRaw();
  }

  /** A table whose one file is not what was written: a bit of a number is another. */
  private Path withOneBitFlipped() throws IOException {
    Path table =
        write(
            rows(3000, DataTypes.FloatType, i -> 16),
            DataTypes.FloatType,
            false,
            with(PLAIN, "compression", "none"));
    Path file = file(table);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    return table;
  }
}
