package io.hla.spark.cli;

import io.hla.spark.GateScale;
import io.hla.spark.table.TokenColumns;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A token table: where it is and how its columns are called. */
final class TokenInput {
  @Mixin private InputOptions table;

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

  /** Where it is. */
  InputOptions table() {
    return table;
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
    Dataset<Row> all = table.all(spark);
    if (all.schema().isEmpty() && all.isEmpty()) {
      TokenColumns names =
          columns().keeping(keep.stream().flatMap(list -> Stream.of(list.split(","))).toList());
      return new TokenTable(empty(spark, sequenceType, names), names);
    }
    return TokenTable.of(table.wanted(all), columns());
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
