package io.hla.spark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.spark.Attention;
import io.hla.spark.InputOrder;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed while its query runs, and a query that goes on from its checkpoint. */
class KilledStreamTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(16, 16).heads(2, 2).precision(Precision.FLOAT64).build();
  private static final int FILES = 7;
  private static final int PIECE = 50;

  private final SparkSession spark = TestSpark.newSession();

  @TempDir Path folder;

  @Test
  void nothingIsLostAndNothingComesTwice() throws Exception {
    List<Row> one = TokenStream.normal(SETTINGS, FILES * PIECE, 76).rows("one", 0);
    List<Row> two = TokenStream.normal(SETTINGS, FILES * PIECE, 77).rows("two", 10);
    ArrivingFiles files = new ArrivingFiles(spark, TokenStream.SCHEMA, folder);
    for (int from = 0; from < FILES * PIECE; from += PIECE) {
      List<Row> rows = new ArrayList<>(one.subList(from, from + PIECE));
      rows.addAll(two.subList(from, from + PIECE));
      files.add(rows);
    }
    killBehindTheFirstMicroBatch();
    long written = spark.read().parquet(files.output().toString()).count();
    assertThat(written).isBetween(2L * PIECE, 2L * PIECE * FILES - 1);

    Map<Object, double[]> streamed = TestJob.bySequence(files.run(StreamProcess::query));

    List<Row> all = new ArrayList<>(one);
    all.addAll(two);
    Dataset<Row> table = TokenFiles.partitioned(spark, TokenStream.SCHEMA, List.of(all));
    Attention request = Attention.hla2().numHeads(2).decay(0.97, 1.0).inputOrder(InputOrder.STORED);
    Map<Object, double[]> expected = TestJob.bySequence(request.attend(table));
    assertThat(streamed).usingRecursiveComparison().isEqualTo(expected);
  }

  /** SIGKILL while the second micro-batch or a later one is on its way. */
  private void killBehindTheFirstMicroBatch() throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens") || option.startsWith("-D"))
        .forEach(command::add);
    command.addAll(
        List.of(
            "-Xmx1g",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            StreamProcess.class.getName(),
            folder.toString(),
            TokenStream.SCHEMA.toDDL()));
    Path log = folder.resolve("killed.log");
    Process process = new ProcessBuilder(command).redirectError(Redirect.to(log.toFile())).start();
    try (BufferedReader output = process.inputReader()) {
      String line = output.readLine();
      while (line != null && !line.startsWith("done ")) {
        line = output.readLine();
      }
      assertThat(line).as(Files.readString(log)).isNotNull();
    } finally {
      process.destroyForcibly();
    }
    // 128 + 9: it did not end by itself.
    assertThat(process.waitFor()).isEqualTo(137);
  }
}
