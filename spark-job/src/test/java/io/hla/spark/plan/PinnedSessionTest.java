package io.hla.spark.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.Attention;
import io.hla.spark.TestSpark;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Splits of files follow from the files and from what the user set, never from the cores. */
class PinnedSessionTest {
  private static final int FILES = 16;

  @TempDir Path folder;

  @Test
  void splitsDoNotFollowFromTheCores() {
    SparkSession spark = TestSpark.open().newSession();
    Dataset<Row> tokens = tokens(spark);
    assertThat(tokens.rdd().getNumPartitions()).as("what two cores ask for").isLessThan(FILES);
    assertThat(Attention.hla2().run(tokens).partitions()).isEqualTo(FILES);
  }

  @Test
  void whatTheUserSetStays() {
    SparkSession spark = TestSpark.open().newSession();
    spark.conf().set("spark.sql.files.minPartitionNum", 1);
    assertThat(Attention.hla2().run(tokens(spark)).partitions()).isEqualTo(1);
  }

  private Dataset<Row> tokens(SparkSession spark) {
    String path = folder.resolve("tokens").toString();
    new SyntheticTokens(1600, 1, 1, 1, 3, 2, Distribution.NORMAL, 1)
        .table(spark, FILES)
        .write()
        .parquet(path);
    return spark.read().parquet(path);
  }
}
