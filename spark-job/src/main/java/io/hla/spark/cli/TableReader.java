package io.hla.spark.cli;

import io.hla.spark.InputException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Opens tables through Spark and says in our words why one cannot be opened. */
final class TableReader {
  private TableReader() {}

  /**
   * Files or folders of any format of Spark.
   *
   * @throws InputException HLA_INPUT_MISSING, HLA_INPUT_FORMAT or HLA_INPUT_MALFORMED
   */
  static Dataset<Row> load(
      SparkSession spark, String format, Map<String, String> options, List<String> paths) {
    DataFrameReader reader = spark.read().format(format);
    if (format.equalsIgnoreCase("json")) {
      // A line that is not JSON would else become a row of nulls.
      reader = reader.option("mode", "FAILFAST");
    }
    try {
      return reader.options(options).load(paths.toArray(String[]::new));
    } catch (Exception e) {
      throw refusal(spark, e, paths);
    }
  }

  /**
   * A table or view of a catalog.
   *
   * @throws InputException HLA_INPUT_MISSING, HLA_INPUT_TABLE
   */
  static Dataset<Row> table(SparkSession spark, Map<String, String> options, String name) {
    try {
      return spark.read().options(options).table(name);
    } catch (Exception e) {
      if (e instanceof SparkThrowable refused) {
        boolean missing = "TABLE_OR_VIEW_NOT_FOUND".equals(refused.getCondition());
        throw new InputException(
            missing ? "HLA_INPUT_MISSING" : "HLA_INPUT_TABLE",
            missing ? "no table or view is named " + name : name + ": " + firstLine(e),
            e);
      }
      throw e;
    }
  }

  // Spark throws checked exceptions here that its Java signatures do not declare.
  private static RuntimeException refusal(SparkSession spark, Exception e, List<String> paths) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      String text = String.valueOf(t.getMessage());
      if (text.contains("MALFORMED_RECORD") || text.contains("Malformed records")) {
        return new InputException("HLA_INPUT_MALFORMED", malformed(spark, paths), e);
      }
    }
    if (e instanceof AnalysisException analysis) {
      boolean missing = "PATH_NOT_FOUND".equals(analysis.getCondition());
      return new InputException(
          missing ? "HLA_INPUT_MISSING" : "HLA_INPUT_FORMAT", firstLine(e), e);
    }
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof SparkThrowable cause && isFormat(cause.getCondition())) {
        return new InputException("HLA_INPUT_FORMAT", firstLine(t), e);
      }
    }
    return e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
  }

  /** Finds the line that Spark's exception does not name. */
  private static String malformed(SparkSession spark, List<String> paths) {
    List<Row> found =
        spark
            .read()
            .schema("pos string, _corrupt_record string")
            .json(paths.toArray(String[]::new))
            .selectExpr("_metadata.file_path", "_corrupt_record", "pos")
            .where("_corrupt_record is not null")
            .takeAsList(1);
    if (found.isEmpty()) {
      return paths + " hold something that is not JSON";
    }
    String line = found.get(0).getString(1);
    return String.format(
        Locale.ROOT,
        "%s holds a line that is not JSON, expected one object: %s",
        found.get(0).getString(0),
        line.length() > 80 ? line.substring(0, 80) + " ..." : line);
  }

  private static boolean isFormat(String condition) {
    return condition != null
        && (condition.equals("DATA_SOURCE_NOT_FOUND") || condition.startsWith("FAILED_READ_FILE"));
  }

  static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
