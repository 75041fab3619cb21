package io.hla.spark.stream;

import static org.apache.spark.sql.functions.col;

import io.hla.spark.InputException;
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
import org.apache.spark.sql.types.StructType;
import scala.runtime.AbstractFunction0;

/** Puts a {@link SequenceProcessor} into a query, and finds what it has left in a checkpoint. */
public final class SequenceStream {
  private static final String SEQUENCE = "seq";
  private static final String ONE_SEQUENCE = "stream";
  private static final String BYTES = "row";
  private static final String OPERATOR = "transformWithStateExec";

  private SequenceStream() {}

  /**
   * What a checkpoint has of the sequences of a query.
   *
   * @param rows of the state store
   * @param state the column of the bytes of {@link StreamedState}
   * @param sequence the column of sequences; null for one
   */
  public record Stored(Dataset<Row> rows, Column state, Column sequence) {}

  /**
   * The rows of a processor.
   *
   * @param tokens a stream or a table with the columns of the processor's rows
   * @param states initial states, the sequence first if there is one; null for none
   * @param output rows of the output
   * @throws InputException HLA_STREAM_STATE_STORE
   */
  public static Dataset<Row> of(
      SequenceProcessor processor, Dataset<Row> tokens, Dataset<Row> states, RowBytes output) {
    StateStoreSettings.choose(tokens.sparkSession());
    SequenceRows rows = processor.rows();
    DataType type = rows.sequenceType();
    KeyValueGroupedDataset<Row, byte[]> sequences =
        grouped(rows.packing(), tokens, type, rows.sequence());
    Dataset<byte[]> transformed =
        states == null
            ? sequences.transformWithState(
                processor, TimeMode.None(), OutputMode.Append(), Encoders.BINARY())
            : sequences.transformWithState(
                processor,
                TimeMode.None(),
                OutputMode.Append(),
                grouped(new RowBytes(states.schema()), states, type, 0),
                Encoders.BINARY(),
                Encoders.BINARY());
    return transformed
        .toDF(BYTES)
        .select(output.unpacked(col(BYTES)).as(BYTES))
        .select(BYTES + ".*");
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
   * What the last micro-batch of a query has left.
   *
   * @param checkpoint the query's checkpoint location
   * @param stateName name of the processor's state variable, and what messages call the processor
   * @throws InputException HLA_STREAM_CHECKPOINT if no query with such a processor has its
   *     checkpoint there
   */
  public static Stored stored(SparkSession spark, String checkpoint, String stateName) {
    Dataset<Row> rows =
        spark
            .read()
            .format("statestore")
            .option("operatorId", operator(spark, checkpoint, stateName))
            .option("stateVarName", stateName)
            .load(checkpoint);
    StructType key = (StructType) rows.schema().apply("key").dataType();
    boolean hasSequences = Arrays.asList(key.fieldNames()).contains(SEQUENCE);
    return new Stored(rows, col("value.value"), hasSequences ? col("key." + SEQUENCE) : null);
  }

  private static long operator(SparkSession spark, String checkpoint, String stateName) {
    List<Row> operators;
    try {
      operators =
          spark
              .read()
              .format("state-metadata")
              .load(checkpoint)
              .where(col("operatorName").equalTo(OPERATOR))
              .where(col("operatorProperties").contains("\"" + stateName + "\""))
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
              "the query of checkpoint %s has %d %s operators, expected one: %s",
              checkpoint,
              operators.size(),
              stateName,
              Arrays.toString(operators.toArray())));
    }
    return operators.get(0).getLong(0);
  }
}
