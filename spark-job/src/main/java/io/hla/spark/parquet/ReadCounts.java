package io.hla.spark.parquet;

import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;

/**
 * How vectors were read, by all tasks and in all passes together.
 *
 * @param raw rows whose vectors were taken from pages as they lie
 * @param fallbacks splits of files, or what was left of them, that Spark's reader took over
 */
public record ReadCounts(SQLMetric raw, SQLMetric fallbacks) implements Serializable {

  /** Counts from zero. */
  public static ReadCounts of(SparkContext context) {
    return new ReadCounts(
        SQLMetrics.createMetric(context, "rows with vectors from raw pages"),
        SQLMetrics.createMetric(context, "splits with vectors from Spark's reader"));
  }
}
