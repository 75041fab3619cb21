package io.hla.spark.internals;

import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.spark.Partition;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.FunctionSignature;
import org.apache.spark.sql.catalyst.plans.logical.NamedParametersSupport$;
import org.apache.spark.sql.execution.datasources.v2.DataSourceRDDPartition;
import org.apache.spark.sql.internal.SQLConf;
import scala.collection.immutable.Seq;

/** What is called otherwise from line to line of Spark; this is the class for Spark 4.2. */
public final class SparkLine {
  /** The line of Spark that these classes are compiled for. */
  public static final String NAME = "4.2";

  private SparkLine() {}

  /** What a function of Spark's own is registered as. */
  public static FunctionIdentifier builtin(String name) {
    return FunctionRegistry$.MODULE$.builtinFunctionIdentifier(name);
  }

  /**
   * The arguments of a function in the order of its parameters, with their defaults. Names that are
   * unknown or missing are errors of Spark's analysis.
   */
  public static Seq<Expression> rearranged(
      FunctionSignature signature, Seq<Expression> arguments, String function) {
    return NamedParametersSupport$.MODULE$.defaultRearrange(
        signature, arguments, function, SQLConf.get().resolver());
  }

  /** What one partition of a source of rows reads; equal where the source says so. */
  public static Object input(Partition partition) {
    return ((DataSourceRDDPartition) partition).inputPartition();
  }

  /** Takes over the limit to the rows of a row group. */
  public static void limitRows(ParquetProperties.Builder builder, Configuration conf) {
    builder.withRowGroupRowCountLimit(
        conf.getInt(
            ParquetOutputFormat.BLOCK_ROW_COUNT_LIMIT,
            ParquetProperties.DEFAULT_ROW_GROUP_ROW_COUNT_LIMIT));
  }

  /** Rows of a row group, at most. */
  public static int rowLimit(ParquetProperties properties) {
    return properties.getRowGroupRowCountLimit();
  }
}
