package io.hla.spark.cli;

import io.hla.spark.GateScale;
import io.hla.spark.InputException;
import io.hla.spark.table.TokenColumns;
import java.util.List;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Option;

/** A token table: where it is and how its columns are called. */
final class TokenInput {
  @Option(
      names = "--input",
      arity = "1..*",
      paramLabel = "PATH",
      description = "A token table: files or folders.")
  private List<String> paths = List.of();

  @Option(
      names = "--input-format",
      paramLabel = "F",
      description = "Any format of Spark: parquet (default), json, orc, ...")
  private String format = "parquet";

  @Option(
      names = "--seq-col",
      paramLabel = "COL",
      description = "Sequence, any atomic type. Default: seq; a table without is one sequence.")
  private String sequence;

  @Option(
      names = "--pos-col",
      paramLabel = "COL",
      description = "Position in the sequence. Default: pos.")
  private String position = "pos";

  @Option(
      names = "--query-col",
      paramLabel = "COL",
      description = "array of H d numbers. Default: q.")
  private String query = "q";

  @Option(
      names = "--key-col",
      paramLabel = "COL",
      description = "array of Hkv d numbers. Default: k.")
  private String key = "k";

  @Option(
      names = "--value-col",
      paramLabel = "COL",
      description = "array of Hkv dv numbers. Default: v.")
  private String value = "v";

  @Option(
      names = "--gate-col",
      paramLabel = "COL",
      description = "array of H gates that multiply the decays. Default: none.")
  private String gate;

  @Option(
      names = "--gate-scale",
      paramLabel = "linear|log",
      description = "Gates from 0 to 1, or their logarithms. Default: linear.")
  private GateScale gateScale;

  @Option(
      names = "--keep",
      split = ",",
      paramLabel = "COL",
      description = "Columns that go to the output as they are.")
  private List<String> keep = List.of();

  List<String> paths() {
    return paths;
  }

  String format() {
    return format;
  }

  /** Whether a scale is given of gates that are not. */
  boolean isScaleAlone() {
    return gateScale != null && gate == null;
  }

  List<String> keep() {
    return keep;
  }

  TokenColumns columns() {
    return new TokenColumns(
        sequence == null ? "seq" : sequence,
        sequence != null,
        position,
        query,
        key,
        value,
        gate,
        gateScale == null ? GateScale.LINEAR : gateScale,
        keep);
  }

  /**
   * The table as Spark reads it.
   *
   * @param sequenceType type of the sequence column of a table that holds nothing to infer it from
   */
  Dataset<Row> read(SparkSession spark, DataType sequenceType) {
    Dataset<Row> table = load(spark, format, paths);
    return table.schema().isEmpty() && table.isEmpty() ? empty(spark, sequenceType) : table;
  }

  /** Any table of any format of Spark. */
  static Dataset<Row> load(SparkSession spark, String format, List<String> paths) {
    DataFrameReader reader = spark.read().format(format);
    if (format.equalsIgnoreCase("json")) {
      // A line that is not JSON would else become a row of nulls.
      reader = reader.option("mode", "FAILFAST");
    }
    try {
      return reader.load(paths.toArray(String[]::new));
    } catch (Exception e) {
      throw refusal(spark, e, paths);
    }
  }

  private Dataset<Row> empty(SparkSession spark, DataType sequenceType) {
    StructType schema = new StructType();
    if (sequence != null || sequenceType != null) {
      schema =
          schema.add(
              columns().sequence(), sequenceType == null ? DataTypes.StringType : sequenceType);
    }
    schema = schema.add(position, DataTypes.LongType);
    for (String column : columns().numbers()) {
      schema = schema.add(column, DataTypes.createArrayType(DataTypes.FloatType));
    }
    for (String column : keep) {
      schema = schema.add(column, DataTypes.StringType);
    }
    return spark.createDataFrame(List.of(), schema);
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
        "%s holds a line that is not JSON, expected one object: %s",
        found.get(0).getString(0), line.length() > 80 ? line.substring(0, 80) + " ..." : line);
  }

  private static boolean isFormat(String condition) {
    return condition != null
        && (condition.equals("DATA_SOURCE_NOT_FOUND") || condition.startsWith("FAILED_READ_FILE"));
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
