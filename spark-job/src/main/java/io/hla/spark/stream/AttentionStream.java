package io.hla.spark.stream;

import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import io.hla.spark.Attention;
import io.hla.spark.InputException;
import io.hla.spark.state.StateTable;
import io.hla.spark.table.TokenColumns;
import io.hla.spark.table.TokenRow;
import io.hla.spark.table.TokenSelection;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Attention over Structured Streaming. The state of every sequence lies in Spark's state store, and
 * moves on with the query's checkpoint. Outputs have the bits of a table whose sequences are each
 * one run, whatever the micro-batches are.
 */
public final class AttentionStream {
  /** The column that says why a row has no output. */
  public static final String ERROR = "error";

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
    RowBytes output = new RowBytes(schema(request, selection, options));
    Dataset<Row> rows = tokens.select(selection.columns().toArray(Column[]::new));
    Dataset<Row> initial =
        states == null
            ? null
            : StateTable.of(states, "the table of initial states", layout.sequenceType());
    SequenceAttention processor =
        new SequenceAttention(
            layout,
            request,
            options,
            new RowBytes(rows.schema()),
            states == null ? null : new RowBytes(initial.schema()),
            output);
    return SequenceStream.of(processor, rows, initial, output);
  }

  /**
   * Refuses what would make outputs depend on where micro-batches end: mixed precision rounds its
   * states at set places.
   */
  private static void check(Attention request) {
    request.check();
    if (request.settings(1, 1).precision() == Precision.MIXED) {
      throw new InputException(
          "HLA_OPTION_NOT_APPLICABLE",
          "precision mixed rounds states at set places, which micro-batches would move, expected"
              + " float64 or float32");
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

  /**
   * The states that a query has left behind its last micro-batch, as a table of states: (seq if
   * there is one, next_pos, tokens, settings, state). Rows that are held back are not in them.
   *
   * @param checkpoint the query's checkpoint location; the query should not be running
   * @throws InputException HLA_STREAM_CHECKPOINT if no query with attention has its checkpoint
   *     there
   */
  public static Dataset<Row> states(SparkSession spark, String checkpoint) {
    SequenceStream.Stored stored =
        SequenceStream.stored(spark, checkpoint, SequenceAttention.STATE);
    return StoredStates.table(stored.rows(), stored.state(), stored.sequence());
  }
}
