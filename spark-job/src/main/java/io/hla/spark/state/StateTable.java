package io.hla.spark.state;

import static org.apache.spark.sql.functions.col;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.State;
import io.hla.kernels.StateException;
import io.hla.spark.InputException;
import io.hla.spark.attend.SequenceState;
import io.hla.spark.input.SequenceKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

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
  private static final String STATE = "state";

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

  /** The states as a table. */
  public static Dataset<Row> of(
      SparkSession spark,
      DataType sequenceType,
      AttentionSettings settings,
      JavaRDD<SequenceState> states) {
    return spark.createDataFrame(
        states.map(state -> row(sequenceType, settings, state)), schema(sequenceType));
  }

  private static Row row(
      DataType sequenceType, AttentionSettings settings, SequenceState sequence) {
    List<Object> values = new ArrayList<>();
    if (sequenceType != null) {
      values.add(sequence.sequence().external(sequenceType));
    }
    values.add(sequence.nextPosition());
    values.add(sequence.state() == null ? 0L : State.fromBytes(sequence.state()).tokens());
    values.add(settings.describe().toString());
    values.add(sequence.state());
    return RowFactory.create(values.toArray());
  }

  /**
   * Reads the states of all sequences.
   *
   * @param sequenceType type of the token table's sequence column, or null
   * @throws InputException if the table is not a state table, or fits neither the sequences nor the
   *     settings of this job
   */
  public static Map<SequenceKey, SequenceState> read(
      SparkSession spark, String path, DataType sequenceType, AttentionSettings settings) {
    Dataset<Row> table = load(spark, path);
    checkSchema(path, table.schema(), sequenceType);
    Map<SequenceKey, SequenceState> states = new HashMap<>();
    Dataset<Row> ordered =
        sequenceType == null
            ? table.select(NEXT, STATE)
            : table.select(col(NEXT), col(STATE), col(SEQUENCE).cast(sequenceType));
    for (Row row : ordered.collectAsList()) {
      SequenceKey key = sequenceType == null ? SequenceKey.ONLY : SequenceKey.ofExternal(row, 2);
      byte[] state = row.getAs(STATE);
      check(path, key, state, settings);
      if (states.put(key, new SequenceState(key, row.getLong(0), state)) != null) {
        throw new InputException(
            "HLA_STATE_DUPLICATE", String.format("%s has several states for %s", path, key));
      }
    }
    return states;
  }

  /**
   * The nearest state at or in front of a position, from a prefix table.
   *
   * @param sequence the sequence, as external value, or null when the tables have no such column
   * @throws InputException if there is none, or it does not fit this job
   */
  public static SequenceState nearest(
      SparkSession spark,
      String path,
      DataType sequenceType,
      SequenceKey sequence,
      long position,
      AttentionSettings settings) {
    Dataset<Row> table = load(spark, path);
    checkSchema(path, table.schema(), sequenceType);
    Dataset<Row> rows = table.where(col(NEXT).leq(position));
    if (sequenceType != null) {
      rows = rows.where(col(SEQUENCE).cast(sequenceType).equalTo(sequence.external(sequenceType)));
    }
    List<Row> found = rows.orderBy(col(NEXT).desc()).select(NEXT, STATE).takeAsList(1);
    if (found.isEmpty()) {
      throw new InputException(
          "HLA_RANGE_PREFIX",
          String.format(
              "%s has no state of %s at or in front of position %d", path, sequence, position));
    }
    byte[] state = found.get(0).getAs(STATE);
    if (state != null) {
      check(path, sequence, state, settings);
    }
    return new SequenceState(sequence, found.get(0).getLong(0), state);
  }

  /** The type of the sequence column of a state table; null if it has none. */
  public static DataType sequenceType(SparkSession spark, String path) {
    StructType schema = load(spark, path).schema();
    return Arrays.asList(schema.fieldNames()).contains(SEQUENCE)
        ? schema.apply(SEQUENCE).dataType()
        : null;
  }

  /** The settings of any state of a table, if it holds one. */
  public static Optional<AttentionSettings> settings(SparkSession spark, String path) {
    Dataset<Row> table = load(spark, path);
    checkSchema(path, table.schema(), sequenceType(spark, path));
    return table.where(col(STATE).isNotNull()).select(STATE).takeAsList(1).stream()
        .findFirst()
        .map(row -> State.fromBytes(row.getAs(0)).settings());
  }

  // Spark throws checked exceptions here that its Java signatures do not declare.
  private static Dataset<Row> load(SparkSession spark, String path) {
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
              : String.format("%s is not a state table: %s", path, reason(e)),
          e);
    }
  }

  /** What the innermost exception says. */
  private static String reason(Throwable e) {
    return e.getCause() == null
        ? String.valueOf(e.getMessage()).lines().findFirst().orElse("")
        : reason(e.getCause());
  }

  private static void check(
      String path, SequenceKey key, byte[] bytes, AttentionSettings settings) {
    try {
      if (bytes == null) {
        throw new InputException("HLA_STATE_DAMAGED", "the state is null");
      }
      StateException.checkSame(
          "continue from a state", settings, State.fromBytes(bytes).settings());
    } catch (StateException e) {
      throw new InputException(
          e.condition(), String.format("%s, %s: %s", path, key, e.getMessage()), e);
    }
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
                "%s is not a state table for this input: it has no column %s, it has %s",
                path, field.name(), names));
      }
      DataType actual = schema.apply(field.name()).dataType();
      boolean bothIntegral = isInteger(actual) && isInteger(field.dataType());
      if (!actual.equals(field.dataType()) && !bothIntegral) {
        throw new InputException(
            "HLA_STATE_TABLE",
            String.format(
                "%s: column %s is %s, expected %s",
                path, field.name(), actual.simpleString(), field.dataType().simpleString()));
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
