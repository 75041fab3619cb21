package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which writer commands use, what it is told, and what they say about it. */
class WriterOptionsTest {
  @TempDir Path folder;

  @BeforeEach
  void makeTokens() {
    run("generate --tokens 40 --head-dim 3 --partitions 1 --output " + folder + "/tokens").done();
  }

  @Test
  void vectorsAreWrittenWithoutCodecAndStatistics() throws IOException {
    for (String column : List.of("q", "k", "v")) {
      assertPlain(column("tokens", column), "UNCOMPRESSED");
    }
    assertThat(column("tokens", "pos").getCodec().name()).isEqualTo("SNAPPY");
    attend().done();
    assertPlain(column("out", "o"), "UNCOMPRESSED");
    assertThat(report().get("output").has("writer")).isFalse();
  }

  @Test
  void statesAreWrittenAsVectorsAre() throws IOException {
    attend("--final-state", folder + "/last", "--save-prefixes", folder + "/inner").done();
    for (String table : List.of("last", "inner")) {
      assertPlain(column(table, "state"), "UNCOMPRESSED");
      assertThat(column(table, "next_pos").getCodec().name()).isEqualTo("SNAPPY");
    }
  }

  @Test
  void noDictionaryOfPositionsIsBegun() {
    StructType schema = StructType.fromDDL("at BIGINT, o ARRAY<FLOAT>");
    WriterOptions options = new WriterOptions();
    assertThat(options.of(TestSpark.open(), "parquet", schema, "at", "o"))
        .containsEntry("parquet.enable.dictionary#at", "false");
    assertThat(options.of(TestSpark.open(), "orc", schema, "at", "o")).isEmpty();
  }

  @Test
  void aCodecThatIsAskedForIsUsed() throws IOException {
    attend("--output-option", "compression=zstd", "--output-option=maxRecordsPerFile=15").done();
    assertPlain(column("out", "o"), "ZSTD");
    assertThat(files("out")).hasSize(3);
    attend("--output-format=json", "--mode=overwrite", "--output-option=compression=gzip").done();
    assertThat(files("out").get(0).toString()).endsWith(".json.gz");
  }

  @Test
  void sparksWriterIsNamedWithItsReason() throws IOException {
    CommandRun run = attend("--output-option", "parquet.writer.version=PARQUET_2_0").done();
    String reason = "parquet.writer.version is PARQUET_2_0";
    assertThat(run.err()).contains("outputs are written by Spark's own Parquet writer: " + reason);
    assertThat(report().at("/output/writer").asText()).isEqualTo("Spark's: " + reason);
    assertThat(column("out", "o").getStatistics().isEmpty()).isFalse();
    assertThat(column("out", "o").hasDictionaryPage()).isFalse();
    CommandRun made =
        run("generate --tokens 9 --head-dim 3 --output-option parquet.bloom.filter.enabled=true"
                + " --output "
                + folder
                + "/bloom")
            .done();
    assertThat(made.err())
        .contains("Spark's own Parquet writer: parquet.bloom.filter.enabled is true");
  }

  private CommandRun attend(String... options) {
    String line =
        String.format(
            "attend --num-heads 1 --input %s/tokens --output %s/out --report %s/report.json",
            folder, folder, folder);
    return CommandRun.of(
        Stream.concat(Stream.of(line.split(" ")), Stream.of(options)).toArray(String[]::new));
  }

  private static CommandRun run(String line) {
    return CommandRun.of(line.split(" "));
  }

  private JsonNode report() throws IOException {
    return new ObjectMapper().readTree(folder.resolve("report.json").toFile());
  }

  private static void assertPlain(ColumnChunkMetaData column, String codec) {
    assertThat(column.getStatistics().isEmpty()).isTrue();
    assertThat(column.hasDictionaryPage()).isFalse();
    assertThat(column.getCodec().name()).isEqualTo(codec);
  }

  private List<Path> files(String table) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(table))) {
      return files.filter(file -> file.getFileName().toString().startsWith("part-")).toList();
    }
  }

  private ColumnChunkMetaData column(String table, String name) throws IOException {
    TestSpark.open();
    try (ParquetFileReader reader =
        ParquetFileReader.open(
            HadoopInputFile.fromPath(
                new org.apache.hadoop.fs.Path(files(table).get(0).toString()),
                new Configuration()))) {
      BlockMetaData block = reader.getFooter().getBlocks().get(0);
      return block.getColumns().stream()
          .filter(column -> column.getPath().toArray()[0].equals(name))
          .findFirst()
          .orElseThrow();
    }
  }
}
