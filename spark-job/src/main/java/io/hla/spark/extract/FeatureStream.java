package io.hla.spark.extract;

import io.hla.spark.InputException;
import io.hla.spark.model.ModelDirectory;
import io.hla.spark.stream.AttentionStream;
import io.hla.spark.stream.RowBytes;
import io.hla.spark.stream.SequenceStream;
import io.hla.spark.stream.StreamOptions;
import io.hla.spark.table.IdSelection;
import java.util.Locale;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Features over Structured Streaming. The states of all layers of a sequence are one value of
 * Spark's state store, and move on with the query's checkpoint: a token goes through all layers in
 * the micro-batch in which it comes. Features have the bits of a table whose sequences are each one
 * run, whatever the micro-batches are.
 */
public final class FeatureStream {
  private FeatureStream() {}

  /**
   * The features of a stream of ids: (seq if there is one, pos, features, log_probability if scores
   * are asked for, kept columns, and {@link AttentionStream#ERROR} if late rows go there). The
   * model is read; no Spark job runs. A table is taken as one micro-batch.
   *
   * <p>With scores the row of a token comes when the token behind it does: that of the last token
   * of a sequence stays in the state.
   *
   * @param request what is computed; what it says of runs, order, scans and what is kept between
   *     layers does not apply
   * @param ids a stream or a table
   * @param states of all layers that sequences go on from; null for none. Read by the first
   *     micro-batch of a new checkpoint alone
   * @throws InputException HLA_MODEL_*, HLA_FEATURES, HLA_INPUT_COLUMN, HLA_INPUT_TYPE,
   *     HLA_INPUT_STREAMING, HLA_OUTPUT_COLUMN, HLA_STATE_TABLE, HLA_OPTION_NOT_APPLICABLE or
   *     HLA_STREAM_STATE_STORE at once; what rows and states hold is refused by the query
   */
  public static Dataset<Row> extract(
      FeatureExtractor request, Dataset<Row> ids, Dataset<Row> states, StreamOptions options) {
    check(request);
    IdSelection selection = IdSelection.of(ids.schema(), request.columns());
    StructType schema =
        options.hasErrorColumn()
            ? FeatureSchema.withErrors(request, selection, AttentionStream.ERROR)
            : FeatureSchema.of(request, selection);
    Dataset<Row> initial = states == null ? null : initial(states, selection);
    Dataset<Row> rows = ids.select(selection.columns().toArray(Column[]::new));
    JavaSparkContext context =
        JavaSparkContext.fromSparkContext(
            ((org.apache.spark.sql.classic.SparkSession) ids.sparkSession()).sparkContext());
    DecoderModel model;
    int layers;
    try (ModelDirectory files = request.open(context.hadoopConfiguration())) {
      request.check(files.config());
      layers = request.features().layers(files.config().layers());
      model = new DecoderModel(files, request.precision(), layers, request.scored());
    }
    RowBytes output = new RowBytes(schema);
    SequenceModel processor =
        new SequenceModel(
            context.broadcast(model),
            layers,
            HiddenLayout.of(request, selection),
            FeatureColumns.of(request),
            request.compute(),
            options,
            new RowBytes(rows.schema()),
            states == null ? null : new RowBytes(initial.schema()),
            output);
    return SequenceStream.of(processor, rows, initial, output);
  }

  /** Refuses what needs whole sequences, or would make features depend on micro-batches. */
  private static void check(FeatureExtractor request) {
    String refused = null;
    if (!request.precision().isDouble()) {
      refused =
          String.format(
              Locale.ROOT,
              "precision %s rounds states at set places, which micro-batches would move, expected"
                  + " float64",
              request.precision().text());
    } else if (!request.pooling().isNone()) {
      refused = "pooling belongs to tables, a stream does not know where a sequence ends";
    } else if (request.compute().cutEvery() != 0) {
      refused = "cut-every belongs to tables, a stream has every sequence in one run";
    }
    if (refused != null) {
      throw new InputException("HLA_OPTION_NOT_APPLICABLE", refused);
    }
  }

  private static Dataset<Row> initial(Dataset<Row> states, IdSelection selection) {
    String name = "the table of initial states";
    if (states.isStreaming()) {
      throw new InputException(
          "HLA_INPUT_STREAMING",
          name + " is a stream, whose batches would each be taken for all of it");
    }
    return states.select(
        ModelStates.columns(states.schema(), name, selection.sequenceType())
            .toArray(Column[]::new));
  }

  /**
   * The states of all layers that a query has left behind its last micro-batch, as {@link
   * FeatureExtractor.Result#finalStates} gives them and {@link FeatureExtractor#initialStates}
   * takes them. Rows that are held back, and tokens that wait for their score, are not in them.
   *
   * @param checkpoint the query's checkpoint location; the query should not be running
   * @throws InputException HLA_STREAM_CHECKPOINT if no query with a model has its checkpoint there
   */
  public static Dataset<Row> states(SparkSession spark, String checkpoint) {
    return StoredModelStates.table(SequenceStream.stored(spark, checkpoint, SequenceModel.STATE));
  }
}
