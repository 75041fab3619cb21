package io.hla.spark.cli;

import io.hla.spark.InputException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;

/** A table: where it is and which of its rows are read. */
final class InputOptions {
  @Option(
      names = "--input",
      arity = "1..*",
      paramLabel = "PATH",
      description = "A table: files or folders.")
  private List<String> paths = List.of();

  @Option(
      names = "--input-format",
      paramLabel = "F",
      description = "Any format of Spark: parquet (default), json, orc, ...")
  private String format = "parquet";

  @Option(
      names = "--input-table",
      paramLabel = "NAME",
      description = "A table of a catalog, or a view, instead of --input.")
  private String name;

  @Option(
      names = "--input-option",
      paramLabel = "KEY=VALUE",
      description = "An option of Spark's reader, such as header=true; may be repeated.")
  private Map<String, String> options = new LinkedHashMap<>();

  @Option(
      names = "--where",
      paramLabel = "EXPR",
      description = "Rows for which this expression of Spark's SQL holds, in front of all else.")
  private String where;

  List<String> paths() {
    return paths;
  }

  String format() {
    return format;
  }

  /** The name of a table, or null. */
  String name() {
    return name;
  }

  boolean isAbsent() {
    return paths.isEmpty() && name == null;
  }

  /** Whether paths and a name are given. */
  boolean isTwofold() {
    return !paths.isEmpty() && name != null;
  }

  /** Whether there are options that only a table can have. */
  boolean isRefined() {
    return where != null || !options.isEmpty();
  }

  /** The table as Spark reads it, with all of its rows. */
  Dataset<Row> all(SparkSession spark) {
    return name == null
        ? TableReader.load(spark, format, options, paths)
        : TableReader.table(spark, options, name);
  }

  /** The rows of a table that are wanted. */
  Dataset<Row> wanted(Dataset<Row> table) {
    return where == null ? table : filtered(table);
  }

  private Dataset<Row> filtered(Dataset<Row> table) {
    try {
      return table.where(where);
    } catch (Exception e) {
      // Spark throws checked exceptions here that its Java signatures do not declare.
      if (e instanceof AnalysisException) {
        throw new InputException(
            "HLA_INPUT_WHERE", "--where " + where + ": " + TableReader.firstLine(e), e);
      }
      throw e;
    }
  }
}
