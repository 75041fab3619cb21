package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.Attention;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
  private static final SparkSession SPARK =
      SparkSession.builder()
          .master("local[2]")
          .appName("generate")
          .config("spark.ui.enabled", false)
          .getOrCreate();

  @TempDir Path folder;

  @Test
  void writesTheStreamOfTheSeed() throws IOException {
    assertThat(generate("--sequences", "3", "--partitions", "4", "--distribution", "integer"))
        .isZero();
    SyntheticTokens stream = new SyntheticTokens(100, 3, 4, 2, 3, 5, Distribution.INTEGER, -9);
    List<String> expected = new ArrayList<>();
    float[] q = new float[12];
    float[] k = new float[6];
    float[] v = new float[10];
    for (long sequence = 0; sequence < 3; sequence++) {
      for (long position = 0; position < stream.length(sequence); position++) {
        stream.fill(sequence, position, 1, q, k, v);
        expected.add(sequence + " " + position + Stream.of(q, k, v).map(Arrays::toString).toList());
      }
    }
    assertThat(rows()).isEqualTo(expected);
    List<Path> files = parquetFiles();
    assertThat(files).hasSize(4);
    for (ColumnChunkMetaData column : columns(files.get(0))) {
      if (!column.getPath().toDotString().matches("seq|pos")) {
        assertThat(column.hasDictionaryPage()).as(column.getPath().toDotString()).isFalse();
      }
    }
  }

  @Test
  void obeysTheMode() throws IOException {
    assertThat(generate()).isZero();
    List<String> first = rows();
    assertThat(generate("--distribution", "integer")).isEqualTo(3);
    assertThat(generate("--distribution", "integer", "--mode", "ignore")).isZero();
    assertThat(rows()).isEqualTo(first);
    assertThat(generate("--distribution", "integer", "--mode", "overwrite")).isZero();
    assertThat(rows()).hasSize(100).isNotEqualTo(first);
    assertThat(generate("--mode", "append")).isZero();
    assertThat(rows()).hasSize(200).containsAll(first);
  }

  @Test
  void writesGatesThatJobsRead() {
    assertThat(generate("--gates")).isZero();
    SyntheticTokens stream = new SyntheticTokens(100, 1, 4, 2, 3, 5, Distribution.NORMAL, -9);
    String table = folder.resolve("tokens").toString();
    List<Row> written = SPARK.read().parquet(table).orderBy("pos").collectAsList();
    assertThat(written.get(0).schema().fieldNames())
        .containsExactly("seq", "pos", "q", "k", "v", "g");
    double[] gates = new double[4];
    for (int t = 0; t < 100; t++) {
      stream.fillGates(0, t, gates);
      assertThat(written.get(t).<Double>getList(5))
          .isEqualTo(Arrays.stream(gates).boxed().toList());
    }
    String output = folder.resolve("out").toString();
    String report = folder.resolve("report.json").toString();
    List<String> attend = List.of("attend", "--input", table, "--output", output);
    List<String> options =
        List.of("--num-heads=4", "--num-kv-heads=2", "--gate-col=g", "--report=" + report);
    assertThat(Main.run(Stream.of(attend, options).flatMap(List::stream).toArray(String[]::new)))
        .isZero();
    List<Row> expected =
        Attention.hla2()
            .numHeads(4)
            .numKvHeads(2)
            .gate("g")
            .attend(stream.gated(true).table(SPARK))
            .orderBy("pos")
            .collectAsList();
    assertThat(SPARK.read().parquet(output).orderBy("pos").collectAsList()).isEqualTo(expected);
    assertThat(Path.of(report)).content().containsPattern("\"splitsDecoded\" : 0");
  }

  @Test
  void refusesWhatItCannotMake() {
    assertThat(generate("--num-kv-heads", "3")).isEqualTo(3);
    assertThat(generate("--distribution", "cauchy")).isEqualTo(2);
    assertThat(Main.run("generate", "--output", folder.toString())).isEqualTo(2);
    assertThat(folder.resolve("tokens")).doesNotExist();
  }

  /** Later options win over these. */
  private int generate(String... options) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "generate", "--tokens", "100", "--output", folder.resolve("tokens").toString()));
    List<String> sizes =
        List.of("--num-heads=4", "--num-kv-heads=2", "--head-dim=3", "--value-dim=5", "--seed=-9");
    sizes.stream().filter(size -> !List.of(options).contains(size.split("=")[0])).forEach(all::add);
    all.addAll(List.of(options));
    return Main.run(all.toArray(String[]::new));
  }

  private List<String> rows() {
    return SPARK
        .read()
        .parquet(folder.resolve("tokens").toString())
        .orderBy("seq", "pos", "q")
        .collectAsList()
        .stream()
        .map(GenerateCommandTest::shown)
        .toList();
  }

  private static String shown(Row row) {
    List<List<Float>> vectors = List.of(row.getList(2), row.getList(3), row.getList(4));
    return row.getLong(0) + " " + row.getLong(1) + vectors;
  }

  private List<Path> parquetFiles() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("tokens"))) {
      return files.filter(file -> file.toString().endsWith(".parquet")).toList();
    }
  }

  private static List<ColumnChunkMetaData> columns(Path file) {
    try (ParquetFileReader reader =
        ParquetFileReader.open(
            HadoopInputFile.fromPath(
                new org.apache.hadoop.fs.Path(file.toString()), new Configuration()))) {
      return reader.getFooter().getBlocks().get(0).getColumns();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
