package io.hla.spark.cli;

import io.hla.spark.output.OutputTable;
import io.hla.spark.parquet.VectorParquetFormat;
import io.hla.spark.parquet.WriterFallback;
import io.hla.spark.state.StateTable;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Option;

/** What the writer of a table is told. */
final class WriterOptions {
  private static final String DICTIONARY = ParquetOutputFormat.ENABLE_DICTIONARY + "#";

  @Option(
      names = "--output-option",
      paramLabel = "KEY=VALUE",
      description = {
        "An option of Spark's writer of the format, such as compression=zstd; may be repeated.",
        "Vectors in Parquet are not compressed unless a codec is asked for."
      })
  private Map<String, String> given = new LinkedHashMap<>();

  /**
   * Options of a table, the user's before ours.
   *
   * @param position the column of positions
   * @param vectors the columns of vectors
   */
  Map<String, String> of(
      SparkSession spark, String format, StructType schema, String position, String... vectors) {
    Map<String, String> options = new HashMap<>();
    if (isParquet(format)) {
      // No position repeats within a sequence.
      options.put(DICTIONARY + position, "false");
      options.put(VectorParquetFormat.VECTORS, String.join(",", vectors));
      if (sparks(spark, format, schema, vectors) != null) {
        // Floats of different tokens repeat too seldom for a dictionary; it only costs time.
        for (String vector : vectors) {
          options.put(DICTIONARY + vector + ".list.element", "false");
        }
      }
    }
    options.putAll(given);
    return options;
  }

  /** Refuses options that no table could be written with. */
  void check(OutputTable table) {
    if (table.isWritten()) {
      table.checkOptions(given);
    }
  }

  /** Options of a table of states; what the user gives is for the outputs. */
  static Map<String, String> ofStates(String format) {
    return isParquet(format) ? Map.of(VectorParquetFormat.VECTORS, StateTable.STATE) : Map.of();
  }

  /** Why Spark's own writer writes the vectors of a Parquet table; null if it does not. */
  String sparks(SparkSession spark, String format, StructType schema, String... vectors) {
    if (!isParquet(format)) {
      return null;
    }
    Map<String, String> options = new HashMap<>(given);
    options.putIfAbsent(VectorParquetFormat.VECTORS, String.join(",", vectors));
    return WriterFallback.reason(spark, options, schema);
  }

  private static boolean isParquet(String format) {
    return format.equalsIgnoreCase("parquet");
  }
}
