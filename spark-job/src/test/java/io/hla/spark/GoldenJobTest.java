package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.Precision;
import io.hla.spark.runs.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole jobs against the dense definition, however the table is cut and stored. */
class GoldenJobTest {
  /** In front of a multiple of the sorted chunk, so that sorted streams are cut too. */
  private static final long START = -5;

  private static final long SEED = 7;

  @TempDir Path folder;

  static List<Golden> cases() {
    return Golden.all();
  }

  /**
   * One in three, of every operator and option: what sorts and what rounds is tried elsewhere, too.
   */
  static List<Golden> someCases() {
    List<Golden> all = Golden.all();
    return IntStream.range(0, all.size()).filter(i -> i % 3 == 1).mapToObj(all::get).toList();
  }

  /** One table with one sequence for each number of files that the stream is cut into. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void storedFilesOfAnyCutGiveTheDenseDefinition(Golden golden) {
    TokenStream stream = golden.stream();
    List<List<Row>> pieces = new ArrayList<>();
    List<Integer> cuts = new ArrayList<>();
    for (int parts : new int[] {1, 2, 3, 7, stream.tokens()}) {
      if (parts <= stream.tokens() && !cuts.contains(parts)) {
        pieces.addAll(TokenFiles.split(stream.rows(parts + " files", START), parts));
        cuts.add(parts);
      }
    }
    SparkSession spark = TestSpark.newSession();
    Path files = folder.resolve("tokens");
    TokenFiles.write(
        spark, TokenStream.schema(stream.settings()), TokenFiles.shuffled(pieces, SEED), files);
    Dataset<Row> table = spark.read().parquet(files.toString());
    TestJob job = TestJob.stored(spark, golden.settings(Precision.FLOAT64));

    Attention.Result result = job.run(table);
    List<Run> runs = new ArrayList<>(result.runList().collect());
    runs.sort(Comparator.comparing(Run::sequence).thenComparingLong(Run::start));
    assertThat(runs).hasSize(pieces.size());
    assertThat(runs).extracting(Run::partition).doesNotHaveDuplicates();
    if (stream.tokens() > 1) {
      assertThat(runs).extracting(Run::partition).isNotEqualTo(inOrder(runs.size()));
    }
    Map<Object, double[]> outputs = TestJob.bySequence(result.outputs());
    assertThat(outputs).hasSameSizeAs(cuts);
    for (int parts : cuts) {
      double error = golden.error(outputs.get(parts + " files"));
      assertThat(error).as("%s in %d files, seed %d", golden, parts, SEED).isLessThan(1e-12);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("someCases")
  void scatteredRowsGiveTheDenseDefinitionWhenSorted(Golden golden) {
    TokenStream stream = golden.stream();
    SparkSession spark = TestSpark.newSession();
    List<Row> rows = new ArrayList<>(stream.rows("a", START));
    rows.addAll(stream.rows("b", START + 3));
    Dataset<Row> table =
        table(spark, stream, TokenFiles.scatter(rows, Math.min(4, rows.size()), SEED));
    TestJob job = TestJob.stored(spark, golden.settings(Precision.FLOAT64)).sorted();

    Attention.Result result = job.run(table);
    // Runs follow from positions alone: in front of 0 and from 0 on, wherever the rows were sent.
    assertThat(result.runs()).isEqualTo(stream.tokens() > 1 ? 4 : 2);
    Map<Object, double[]> outputs = TestJob.bySequence(result.outputs());
    assertThat(outputs).containsOnlyKeys("a", "b");
    outputs.forEach(
        (sequence, o) ->
            assertThat(golden.error(o))
                .as("%s sequence %s, seed %d", golden, sequence, SEED)
                .isLessThan(1e-12));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("someCases")
  void floatArithmeticStaysCloseToTheDenseDefinition(Golden golden) {
    TokenStream stream = golden.stream();
    SparkSession spark = TestSpark.newSession();
    int parts = Math.min(3, stream.tokens());
    List<List<Row>> pieces = TokenFiles.split(stream.rows("s", START), parts);
    Dataset<Row> table = table(spark, stream, TokenFiles.shuffled(pieces, SEED));
    for (Precision precision : new Precision[] {Precision.MIXED, Precision.FLOAT32}) {
      double[] o = TestJob.stored(spark, golden.settings(precision)).outputs(table).get("s");
      assertThat(golden.error(o))
          .as("%s in %s, seed %d", golden, precision.text(), SEED)
          .isLessThan(1e-5);
    }
  }

  private static Dataset<Row> table(
      SparkSession spark, TokenStream stream, List<List<Row>> pieces) {
    return TokenFiles.partitioned(spark, TokenStream.schema(stream.settings()), pieces);
  }

  private static List<Integer> inOrder(int count) {
    return IntStream.range(0, count).boxed().toList();
  }
}
