package io.hla.spark.output;

import java.util.List;
import org.apache.spark.sql.SaveMode;

/**
 * A table that is to be written, by path or by name; neither stands for a table that is not wanted.
 *
 * @param option the option that the path came from; with {@code -table} behind it, the name
 * @param path path of the table, or null
 * @param table name of the table in a catalog, or null
 * @param format format of Spark, or null for that of a table that exists or its catalog's own
 * @param mode what happens to a table that exists
 * @param partitionBy columns whose values become folders or partitions
 * @param runId marks what is written, so that the same run does nothing twice; or null
 * @param whole whether the table must not be added to; then append replaces the input that it takes
 *     the place of, and else expects a new table
 * @param replaces the path or name of an input that the table may take the place of, or null
 */
public record TableRequest(
    String option,
    String path,
    String table,
    String format,
    SaveMode mode,
    List<String> partitionBy,
    String runId,
    boolean whole,
    String replaces) {

  public TableRequest {
    partitionBy = List.copyOf(partitionBy);
  }

  /** A table by path that is new or, by its mode, not. */
  public static TableRequest at(String option, String path, String format, SaveMode mode) {
    return new TableRequest(option, path, null, format, mode, List.of(), null, false, null);
  }

  boolean isWanted() {
    return path != null || table != null;
  }

  /** The option and what it says, as messages name the table. */
  String label() {
    return table == null ? "--" + option + " " + path : "--" + option + "-table " + table;
  }
}
