package io.hla.spark.parquet;

import io.hla.spark.internals.RunningSpark;
import java.util.Map;
import org.apache.hadoop.mapreduce.Job;
import org.apache.parquet.hadoop.util.ContextUtil;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Spark's Parquet format with a faster writer for columns of vectors: {@code
 * df.write().format("vector-parquet")}. Files are ordinary Parquet with the rows, the schema and
 * the footer entries that Spark's own writer would give them. Save modes, partitioning, commit
 * protocols and metrics are Spark's, and so is reading.
 *
 * <p>The option {@value #VECTORS} names the columns whose rows are vectors, separated by commas;
 * without it they are all top-level columns of type array&lt;float&gt; or array&lt;double&gt;. It
 * may name columns of type binary too, whose values should be long. Their values are PLAIN,
 * uncompressed unless a codec was asked for, and have an offset index but no minimum and maximum.
 * {@link WriterFallback} says when Spark's writer is used instead.
 */
public final class VectorParquetFormat extends ParquetFileFormat {
  /** The name of the format. */
  public static final String NAME = "vector-parquet";

  /** The option that names the columns of vectors. */
  public static final String VECTORS = "vectors";

  private static final Logger LOG = LoggerFactory.getLogger(VectorParquetFormat.class);
  private static final long serialVersionUID = 1L;

  @Override
  public String shortName() {
    return NAME;
  }

  /** Throws {@link IllegalArgumentException} if the option names a column of another type. */
  @Override
  public OutputWriterFactory prepareWrite(
      SparkSession spark,
      Job job,
      scala.collection.immutable.Map<String, String> options,
      StructType schema) {
    RunningSpark.check();
    OutputWriterFactory sparks = super.prepareWrite(spark, job, options, schema);
    SQLConf conf = WriterFallback.conf(spark);
    Map<String, String> given = CollectionConverters.asJava(options);
    int[] vectors = WrittenColumns.vectors(schema, given, conf.caseSensitiveAnalysis());
    String reason = WriterFallback.reason(conf, ContextUtil.getConfiguration(job), schema, vectors);
    if (reason != null) {
      LOG.warn("Spark's Parquet writer is used: {}", reason);
      return sparks;
    }
    return new VectorWriterFactory(sparks, vectors, isCodecAskedFor(conf, given));
  }

  private static boolean isCodecAskedFor(SQLConf conf, Map<String, String> options) {
    return conf.contains(SQLConf.PARQUET_COMPRESSION().key())
        || options.keySet().stream()
            .anyMatch(
                key ->
                    key.equalsIgnoreCase("compression")
                        || key.equalsIgnoreCase("parquet.compression"));
  }

  // The parent takes every ParquetFileFormat for its equal.

  @Override
  public boolean equals(Object other) {
    return other instanceof VectorParquetFormat;
  }

  @Override
  public int hashCode() {
    return VectorParquetFormat.class.hashCode();
  }

  @Override
  public String toString() {
    return "VectorParquet";
  }
}
