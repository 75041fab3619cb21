package io.hla.spark.state;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.max;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.spark.InputException;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A Parquet table of states: {@code seq} (absent when the token table has none), {@code next_pos}
 * bigint, {@code tokens} bigint, {@code settings} string for people, and {@code state} binary, the
 * bytes of {@link State#toBytes}. A state table has one row per sequence; a prefix table one per
 * run, its state null where nothing stands in front of the run.
 */
public final class StateTable {
  private static final String SEQUENCE = "seq";
  private static final String NEXT = "next_pos";
  private static final String TOKENS = "tokens";
  private static final String SETTINGS = "settings";

  /** The column of the bytes of a state. */
  public static final String STATE = "state";

  private StateTable() {}

  /** The schema of a state table for sequences of a type, or for one sequence (null). */
  public static StructType schema(DataType sequenceType) {
    StructType schema = new StructType();
    if (sequenceType != null) {
      schema = schema.add(SEQUENCE, sequenceType, false);
    }
    return schema
        .add(NEXT, DataTypes.LongType, false)
        .add(TOKENS, DataTypes.LongType, false)
        .add(SETTINGS, DataTypes.StringType, false)
        .add(STATE, DataTypes.BinaryType, true);
  }

  /** A row of a state table, as Spark holds it inside. */
  public static InternalRow row(
      DataType sequenceType, AttentionSettings settings, SequenceState sequence) {
    byte[] state = sequence.state();
    List<Object> values = new ArrayList<>();
    if (sequenceType != null) {
      values.add(sequence.sequence().value());
    }
    values.add(sequence.nextPosition());
    values.add(state == null ? 0L : State.describe(state).tokens());
    values.add(UTF8String.fromString(settings.describe().toString()));
    values.add(state);
    return new GenericInternalRow(values.toArray());
  }

  /**
   * A table of states as it is stored.
   *
   * @throws InputException HLA_STATE_MISSING or HLA_STATE_TABLE
   */
  // Spark throws checked exceptions here that its Java signatures do not declare.
  public static Dataset<Row> load(SparkSession spark, String path) {
    try {
      return spark.read().parquet(path);
    } catch (Exception e) {
      boolean missing =
          e instanceof AnalysisException analysis
              && "PATH_NOT_FOUND".equals(analysis.getCondition());
      throw new InputException(
          missing ? "HLA_STATE_MISSING" : "HLA_STATE_TABLE",
          missing
              ? "no state table at " + path
              : String.format(Locale.ROOT, "%s is not a state table: %s", path, reason(e)),
          e);
    }
  }

  /**
   * A table of states of a catalog.
   *
   * @throws InputException HLA_STATE_MISSING or HLA_STATE_TABLE
   */
  // Spark throws checked exceptions here that its Java signatures do not declare.
  public static Dataset<Row> named(SparkSession spark, String name) {
    try {
      return spark.table(name);
    } catch (Exception e) {
      boolean missing =
          e instanceof AnalysisException analysis
              && "TABLE_OR_VIEW_NOT_FOUND".equals(analysis.getCondition());
      throw new InputException(
          missing ? "HLA_STATE_MISSING" : "HLA_STATE_TABLE",
          missing ? "no table of states is named " + name : name + ": " + reason(e),
          e);
    }
  }

  /** The type of the sequence column of a state table; null if it has none. */
  public static DataType sequenceType(Dataset<Row> states) {
    StructType schema = states.schema();
    return Arrays.asList(schema.fieldNames()).contains(SEQUENCE)
        ? schema.apply(SEQUENCE).dataType()
        : null;
  }

  /**
   * The columns (seq, next_pos, state) of a table of states, as sequences of a type have them.
   *
   * @param name what messages call the table
   * @param sequenceType type of the token table's sequence column, or null
   * @throws InputException HLA_STATE_TABLE if it is not a state table, or one of other sequences;
   *     HLA_INPUT_STREAMING if it is a stream
   */
  public static Dataset<Row> of(Dataset<Row> states, String name, DataType sequenceType) {
    if (states.isStreaming()) {
      throw new InputException(
          "HLA_INPUT_STREAMING",
          name + " is a stream, whose batches would each be taken for all of it");
    }
    return states.select(columns(states.schema(), name, sequenceType).toArray(Column[]::new));
  }

  /**
   * What {@link #of} selects from a table.
   *
   * @throws InputException HLA_STATE_TABLE
   */
  public static List<Column> columns(StructType schema, String name, DataType sequenceType) {
    checkSchema(name, schema, sequenceType);
    List<Column> columns = new ArrayList<>();
    if (sequenceType != null) {
      columns.add(col(SEQUENCE).cast(sequenceType).as(SEQUENCE));
    }
    columns.add(col(NEXT).cast(DataTypes.LongType).as(NEXT));
    columns.add(col(STATE));
    return columns;
  }

  /**
   * The row (seq, next_pos, state) of the nearest state at or in front of a position, from a prefix
   * table; no other state is read.
   *
   * @param name what messages call the table
   * @param sequenceType type of the token table's sequence column, or null
   * @throws InputException HLA_RANGE_PREFIX if there is none, HLA_STATE_TABLE
   */
  static Row nearest(
      Dataset<Row> prefixes,
      String name,
      DataType sequenceType,
      SequenceKey sequence,
      long position) {
    Dataset<Row> rows = of(prefixes, name, sequenceType);
    if (sequenceType != null) {
      rows = rows.where(col(SEQUENCE).equalTo(sequence.external(sequenceType)));
    }
    Row nearest = rows.where(col(NEXT).leq(position)).agg(max(NEXT)).head();
    if (nearest.isNullAt(0)) {
      throw new InputException(
          "HLA_RANGE_PREFIX",
          String.format(
              Locale.ROOT,
              "%s has no state of %s at or in front of position %d",
              name,
              sequence.text(sequenceType),
              position));
    }
    return rows.where(col(NEXT).equalTo(nearest.getLong(0))).head();
  }

  /** What the innermost exception says. */
  private static String reason(Throwable e) {
    return e.getCause() == null
        ? String.valueOf(e.getMessage()).lines().findFirst().orElse("")
        : reason(e.getCause());
  }

  private static void checkSchema(String path, StructType schema, DataType sequenceType) {
    List<String> names = Arrays.asList(schema.fieldNames());
    for (StructField field : schema(sequenceType).fields()) {
      if (field.name().equals(SETTINGS) || field.name().equals(TOKENS)) {
        continue;
      }
      if (!names.contains(field.name())) {
        throw new InputException(
            "HLA_STATE_TABLE",
            String.format(
                Locale.ROOT,
                "%s is not a state table for this input: it has no column %s, it has %s",
                path,
                field.name(),
                names));
      }
      DataType actual = schema.apply(field.name()).dataType();
      boolean bothIntegral = isInteger(actual) && isInteger(field.dataType());
      if (!actual.equals(field.dataType()) && !bothIntegral) {
        throw new InputException(
            "HLA_STATE_TABLE",
            String.format(
                Locale.ROOT,
                "%s: column %s is %s, expected %s",
                path,
                field.name(),
                actual.simpleString(),
                field.dataType().simpleString()));
      }
    }
    if (sequenceType == null && names.contains(SEQUENCE)) {
      throw new InputException(
          "HLA_STATE_TABLE",
          path + " holds states of named sequences, the input has no sequence column");
    }
  }

  private static boolean isInteger(DataType type) {
    return type.equals(DataTypes.LongType)
        || type.equals(DataTypes.IntegerType)
        || type.equals(DataTypes.ShortType)
        || type.equals(DataTypes.ByteType);
  }
}
