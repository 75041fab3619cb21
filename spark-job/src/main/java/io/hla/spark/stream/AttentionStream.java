package io.hla.spark.stream;

import static org.apache.spark.sql.functions.col;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import io.hla.spark.Attention;
import io.hla.spark.InputException;
import io.hla.spark.state.StateTable;
import io.hla.spark.table.TokenColumns;
import io.hla.spark.table.TokenRow;
import io.hla.spark.table.TokenSelection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.KeyValueGroupedDataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.TimeMode;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.runtime.AbstractFunction0;

/**
 * Attention over Structured Streaming. The state of every sequence lies in Spark's state store, and
 * moves on with the query's checkpoint. Outputs have the bits of a table whose sequences are each
 * one run, whatever the micro-batches are.
 */
public final class AttentionStream {
  /** The column that says why a row has no output. */
  public static final String ERROR = "error";

  private static final String SEQUENCE = "seq";
  private static final String ONE_SEQUENCE = "stream";
  private static final String BYTES = "row";
  private static final String OPERATOR = "transformWithStateExec";

  private AttentionStream() {}

  /**
   * The outputs of a stream of tokens: (seq if there is one, pos, output column, kept columns, and
   * {@link #ERROR} if late rows go there). Nothing runs. A table is taken as one micro-batch.
   *
   * @param request what is computed, and from which columns; what it says of runs, order and scans
   *     does not apply
   * @param tokens a stream or a table
   * @param states that sequences go on from, a table of states; null for none. Read by the first
   *     micro-batch of a new checkpoint alone
   * @throws InputException HLA_INPUT_COLUMN, HLA_INPUT_TYPE, HLA_OUTPUT_COLUMN, HLA_STATE_TABLE,
   *     HLA_OPTION_NOT_APPLICABLE or HLA_STREAM_STATE_STORE at once; what rows and states hold is
   *     refused by the query
   */
  public static Dataset<Row> attend(
      Attention request, Dataset<Row> tokens, Dataset<Row> states, StreamOptions options) {
    check(request);
    TokenSelection selection =
        TokenSelection.of(tokens.schema(), request.columns(), request.outputType());
    TokenRow layout = selection.layout();
    StructType schema = schema(request, selection, options);
    Dataset<Row> rows = tokens.select(selection.columns().toArray(Column[]::new));
    SparkSession spark = tokens.sparkSession();
    StateStoreSettings.choose(spark);
    RowBytes packing = new RowBytes(rows.schema());
    RowBytes output = new RowBytes(schema);
    KeyValueGroupedDataset<Row, byte[]> sequences =
        grouped(packing, rows, layout.sequenceType(), TokenRow.SEQUENCE);
    Dataset<byte[]> attended;
    if (states == null) {
      attended =
          sequences.transformWithState(
              new SequenceAttention(layout, request, options, packing, null, output),
              TimeMode.None(),
              OutputMode.Append(),
              Encoders.BINARY());
    } else {
      Dataset<Row> initial =
          StateTable.of(states, "the table of initial states", layout.sequenceType());
      RowBytes statePacking = new RowBytes(initial.schema());
      attended =
          sequences.transformWithState(
              new SequenceAttention(layout, request, options, packing, statePacking, output),
              TimeMode.None(),
              OutputMode.Append(),
              grouped(statePacking, initial, layout.sequenceType(), 0),
              Encoders.BINARY(),
              Encoders.BINARY());
    }
    return attended.toDF(BYTES).select(output.unpacked(col(BYTES)).as(BYTES)).select(BYTES + ".*");
  }

  /**
   * Refuses what would make outputs depend on where micro-batches end: mixed precision rounds its
   * states at set places, and so does float32 where decay is put off.
   */
  private static void check(Attention request) {
    request.check();
    AttentionSettings template = request.settings(1, 1);
    Precision precision = template.precision();
    boolean decays = template.decay().stream().anyMatch(decay -> decay != 1);
    boolean isFloat = precision == Precision.FLOAT32;
    if (precision != Precision.FLOAT64 && !(isFloat && (template.gated() || !decays))) {
      throw new InputException(
          "HLA_OPTION_NOT_APPLICABLE",
          String.format(
              Locale.ROOT,
              "precision %s%s rounds states at set places, which micro-batches would move, expected"
                  + " float64%s",
              precision.text(),
              isFloat ? " with decay and without gates" : "",
              isFloat ? "" : ", or float32 without decay or with gates"));
    }
    if (request.compute().cutEvery() != 0) {
      throw new InputException(
          "HLA_OPTION_NOT_APPLICABLE",
          "cut-every belongs to tables, a stream has every sequence in one run");
    }
  }

  private static StructType schema(
      Attention request, TokenSelection selection, StreamOptions options) {
    TokenColumns columns = request.columns();
    boolean hasErrors = options.hasErrorColumn();
    DataType sequence = selection.layout().sequenceType();
    StructType schema = new StructType();
    if (sequence != null) {
      schema = schema.add(columns.sequence(), sequence, false);
    }
    DataType number =
        request.outputType() == Element.DOUBLE ? DataTypes.DoubleType : DataTypes.FloatType;
    schema =
        schema
            .add(columns.position(), DataTypes.LongType, false)
            .add(request.outputColumn(), DataTypes.createArrayType(number, false), hasErrors);
    List<String> further = new ArrayList<>(columns.keep());
    for (StructField field : selection.kept().fields()) {
      schema = schema.add(field);
    }
    if (hasErrors) {
      schema = schema.add(ERROR, DataTypes.StringType, true);
      further.add(ERROR);
    }
    columns.keeping(further).checkOutput(sequence != null, request.outputColumn());
    return schema;
  }

  /** The rows of a table as bytes, by their sequence. */
  private static KeyValueGroupedDataset<Row, byte[]> grouped(
      RowBytes packing, Dataset<Row> table, DataType sequenceType, int sequence) {
    Dataset<Row> packed = packing.packed(table, BYTES);
    Column key =
        sequenceType == null
            ? packing.only(packed.col(BYTES))
            : packing.field(packed.col(BYTES), sequence);
    return packed
        .groupBy(key.as(sequenceType == null ? ONE_SEQUENCE : SEQUENCE))
        .as(key(table.sparkSession(), sequenceType), Encoders.BINARY());
  }

  /** Keys as rows of one column; times as Java's own, which have every value that Spark has. */
  private static Encoder<Row> key(SparkSession spark, DataType sequenceType) {
    StructType schema =
        sequenceType == null
            ? new StructType().add(ONE_SEQUENCE, DataTypes.LongType)
            : new StructType().add(SEQUENCE, sequenceType);
    SQLConf conf =
        ((org.apache.spark.sql.classic.SparkSession) spark).sessionState().conf().clone();
    conf.setConfString("spark.sql.datetime.java8API.enabled", "true");
    return SQLConf.withExistingConf(
        conf,
        new AbstractFunction0<>() {
          @Override
          public Encoder<Row> apply() {
            return Encoders.row(schema);
          }
        });
  }

  /**
   * The states that a query has left behind its last micro-batch, as a table of states: (seq if
   * there is one, next_pos, tokens, settings, state). Rows that are held back are not in them.
   *
   * @param checkpoint the query's checkpoint location; the query should not be running
   * @throws InputException HLA_STREAM_CHECKPOINT if no query with attention has its checkpoint
   *     there
   */
  public static Dataset<Row> states(SparkSession spark, String checkpoint) {
    Dataset<Row> stored =
        spark
            .read()
            .format("statestore")
            .option("operatorId", operator(spark, checkpoint))
            .option("stateVarName", SequenceAttention.STATE)
            .load(checkpoint);
    StructType key = (StructType) stored.schema().apply("key").dataType();
    boolean hasSequences = Arrays.asList(key.fieldNames()).contains(SEQUENCE);
    return StoredStates.table(
        stored, col("value.value"), hasSequences ? col("key." + SEQUENCE) : null);
  }

  private static long operator(SparkSession spark, String checkpoint) {
    List<Row> operators;
    try {
      operators =
          spark
              .read()
              .format("state-metadata")
              .load(checkpoint)
              .where(col("operatorName").equalTo(OPERATOR))
              .where(col("operatorProperties").contains("\"" + SequenceAttention.STATE + "\""))
              .select("operatorId", "operatorProperties")
              .distinct()
              .collectAsList();
    } catch (RuntimeException e) {
      throw new InputException(
          "HLA_STREAM_CHECKPOINT", checkpoint + " is no checkpoint: " + e.getMessage(), e);
    }
    if (operators.size() != 1) {
      throw new InputException(
          "HLA_STREAM_CHECKPOINT",
          String.format(
              Locale.ROOT,
              "the query of checkpoint %s has %d attention operators, expected one: %s",
              checkpoint,
              operators.size(),
              Arrays.toString(operators.toArray())));
    }
    return operators.get(0).getLong(0);
  }
}
