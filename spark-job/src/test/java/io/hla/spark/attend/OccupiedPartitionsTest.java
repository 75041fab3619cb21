package io.hla.spark.attend;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.Attention;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Splits in which no row group starts get no task behind the index. */
class OccupiedPartitionsTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(3, 2).heads(2, 2).decay(0.9).build();
  private static final int FILES = 3;

  @TempDir Path folder;

  private final SparkSession spark = TestSpark.newSession();

  @BeforeEach
  void splitFilesIntoSmallParts() {
    spark.conf().set("spark.sql.files.openCostInBytes", 1024);
    spark.conf().set("spark.sql.files.maxPartitionBytes", 1024);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyFileIsReadByOneTask(boolean onExecutors) {
    List<Row> rows = TokenStream.normal(SETTINGS, 600, 5).rows("a", 0);
    Dataset<Row> tokens = table(TokenFiles.split(rows, FILES));
    TestJob job = TestJob.stored(spark, SETTINGS);
    Attention.Result result = (onExecutors ? job.scannedOnExecutors() : job).run(tokens);
    assertThat(result.partitions()).isGreaterThan(3 * FILES);
    assertThat(result.outputs().rdd().getNumPartitions()).isEqualTo(FILES);
    Dataset<Row> inMemory =
        TokenFiles.partitioned(spark, TokenStream.SCHEMA, TokenFiles.split(rows, FILES));
    Map<Object, double[]> expected = TestJob.stored(spark, SETTINGS).outputs(inMemory);
    assertThat(TestJob.bySequence(result.outputs()).get("a")).isEqualTo(expected.get("a"));
  }

  @Test
  void whatIsNoFileIsAskedAgain() {
    List<Row> rows = TokenStream.normal(SETTINGS, 10, 5).rows("a", 0);
    Dataset<Row> tokens =
        TokenFiles.partitioned(spark, TokenStream.SCHEMA, List.of(rows, List.of(), List.of()));
    Attention.Result result = TestJob.stored(spark, SETTINGS).run(tokens);
    assertThat(result.outputs().rdd().getNumPartitions()).isEqualTo(3);
  }

  @Test
  void theOutputsOfNoTokensHaveColumns() {
    Dataset<Row> none = TestJob.stored(spark, SETTINGS).run(table(List.of(List.of()))).outputs();
    String path = folder.resolve("outputs").toString();
    none.write().parquet(path);
    assertThat(spark.read().parquet(path).columns()).containsExactly("seq", "pos", "o");
    assertThat(spark.read().parquet(path).count()).isZero();
  }

  private Dataset<Row> table(List<List<Row>> pieces) {
    Path written = TokenFiles.write(spark, TokenStream.SCHEMA, pieces, folder.resolve("tokens"));
    return spark.read().schema(TokenStream.SCHEMA).parquet(written.toString());
  }
}
