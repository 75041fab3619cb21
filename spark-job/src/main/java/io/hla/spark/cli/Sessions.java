package io.hla.spark.cli;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Opens Spark with the settings that results rest on. */
final class Sessions {
  private static final Map<String, String> PLANS =
      Map.of(
          // Plans must follow from the files alone, never from sizes seen on the way.
          "spark.sql.adaptive.enabled", "false",
          // Rows are wide: the default of 4096 would hold many megabytes a column.
          "spark.sql.parquet.columnarReaderBatchSize", "256");

  private Sessions() {}

  /** The session of this job; what the user set with --conf stays, but for the serializer. */
  static SparkSession open(String name) {
    SparkSession spark =
        SparkSession.builder()
            .appName(name)
            // Kryo, which clusters may set, cannot read or write records.
            .config("spark.serializer", "org.apache.spark.serializer.JavaSerializer")
            .getOrCreate();
    setUnlessGiven(spark, PLANS);
    return spark;
  }

  /** Stops Spark if a command opened it. */
  static void close() {
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().stop();
    }
  }

  /** Sets what the user did not set with --conf. */
  static void setUnlessGiven(SparkSession spark, Map<String, String> settings) {
    SparkConf given = spark.sparkContext().getConf();
    settings.forEach(
        (key, value) -> {
          if (!given.contains(key)) {
            spark.conf().set(key, value);
          }
        });
  }
}
