package io.hla.spark.cli;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Opens Spark with the settings that results rest on. */
final class Sessions {
  // Splits and plans must follow from the files alone, never from the size of the cluster.
  private static final Map<String, String> PINNED =
      Map.of(
          "spark.sql.adaptive.enabled", "false",
          "spark.sql.files.minPartitionNum", "32",
          "spark.sql.files.maxPartitionBytes", "128MB",
          "spark.sql.files.openCostInBytes", "1MB",
          // Rows are wide: the default of 4096 would hold many megabytes a column.
          "spark.sql.parquet.columnarReaderBatchSize", "512");

  private Sessions() {}

  /** The session of this job; what the user set with --conf stays. */
  static SparkSession open(String name) {
    SparkSession spark = SparkSession.builder().appName(name).getOrCreate();
    SparkConf given = spark.sparkContext().getConf();
    PINNED.forEach(
        (key, value) -> {
          if (!given.contains(key)) {
            spark.conf().set(key, value);
          }
        });
    return spark;
  }
}
