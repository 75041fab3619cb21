package io.hla.spark.cli;

import io.hla.spark.GateScale;
import io.hla.spark.InputException;
import io.hla.spark.table.TokenColumns;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.AnalysisException;
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
      names = "--input-table",
      paramLabel = "NAME",
      description = "A token table of a catalog, or a view, instead of --input.")
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

  @Option(
      names = "--seq-col",
      paramLabel = "COL",
      description = {
        "Sequence, any atomic type. Default: seq; a table without is one sequence. A COL is a",
        "column, a field of one (emb.q), or an expression of Spark's SQL ('a + b AS name')."
      })
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
      paramLabel = "COL,..",
      description = "Columns that go to the output as they are.")
  private List<String> keep = List.of();

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
   * The table as Spark reads it, with the columns that are computed.
   *
   * @param sequenceType type of the sequence column of a table that holds nothing to infer it from
   */
  TokenTable read(SparkSession spark, DataType sequenceType) {
    Dataset<Row> table =
        name == null
            ? TableReader.load(spark, format, options, paths)
            : TableReader.table(spark, options, name);
    if (table.schema().isEmpty() && table.isEmpty()) {
      TokenColumns names =
          columns().keeping(keep.stream().flatMap(list -> Stream.of(list.split(","))).toList());
      return new TokenTable(empty(spark, sequenceType, names), names);
    }
    return TokenTable.of(where == null ? table : filtered(table), columns());
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

  private Dataset<Row> empty(SparkSession spark, DataType sequenceType, TokenColumns columns) {
    StructType schema = new StructType();
    if (sequence != null || sequenceType != null) {
      schema =
          schema.add(
              columns.sequence(), sequenceType == null ? DataTypes.StringType : sequenceType);
    }
    schema = schema.add(position, DataTypes.LongType);
    for (String column : columns.numbers()) {
      schema = schema.add(column, DataTypes.createArrayType(DataTypes.FloatType));
    }
    for (String column : columns.keep()) {
      schema = schema.add(column, DataTypes.StringType);
    }
    return spark.createDataFrame(List.of(), schema);
  }
}
