package io.hla.spark.extract;

import static org.apache.spark.sql.functions.col;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.attend.IndexedTokens;
import io.hla.spark.attend.Prepared;
import io.hla.spark.extract.Features.Kind;
import io.hla.spark.plan.ProjectedRows;
import io.hla.spark.runs.RunPlan;
import io.hla.spark.state.SequenceState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.classic.SparkSession;

/** A model over a table of ids, of which all passes but the last have run. */
final class Extraction {
  private final FeatureExtractor request;
  private final HiddenLayout layout;
  private final LayerWork work;
  private final List<Prepared> attended = new ArrayList<>();
  private final Deque<KeptRows> kept = new ArrayDeque<>();
  private IndexedTokens indexed;
  private JavaRDD<InternalRow> embedded;
  private JavaRDD<InternalRow> hidden;
  private Broadcast<FirstIds> firstIds;

  /** Before the first layer. */
  Extraction(FeatureExtractor request, HiddenLayout layout, LayerWork work) {
    this.request = request;
    this.layout = layout;
    this.work = work;
  }

  LayerWork work() {
    return work;
  }

  /** The embedding alone. */
  void of(JavaRDD<InternalRow> embedding) {
    embedded = embedding;
    hidden = embedding;
  }

  /** The embedding of ids whose runs were found. */
  void of(IndexedTokens ids, JavaRDD<InternalRow> embedding) {
    indexed = ids;
    of(embedding);
  }

  /**
   * Adds a layer.
   *
   * @param attention the layer's
   * @param keptRows the hidden vectors behind it if they are kept, or null
   * @param behind the same, made when they are read
   */
  void add(Prepared attention, KeptRows keptRows, JavaRDD<InternalRow> behind) {
    attended.add(attention);
    hidden = behind;
    // The scan of this layer has made the vectors in front of it from those below.
    while (kept.size() > 1) {
      kept.remove().forget();
    }
    if (keptRows != null) {
      kept.add(keptRows);
      hidden = keptRows.toJavaRDD();
    }
  }

  /** Rows behind the last layer that was added, in the partitions of the plan. */
  JavaRDD<InternalRow> hidden() {
    return hidden;
  }

  /** The runs of the first layer. */
  RunPlan plan() {
    return attended.get(0).plan();
  }

  /** Gives back what lies on the disks of executors; it is made again where it is read. */
  void forget() {
    kept.forEach(KeptRows::forget);
    work.model().unpersist(false);
  }

  /** Rows of features, computed when they are read; parts of groups are shuffled. */
  JavaRDD<InternalRow> features(SparkSession session) {
    JavaRDD<InternalRow> rows = request.scored() ? followed() : hidden;
    FeatureColumns columns = FeatureColumns.of(request);
    int width = width();
    if (request.pooling().isNone()) {
      return occupied(work.features(rows, width, columns));
    }
    boolean vectors = request.features().kind() != Kind.NONE;
    PoolLayout pool = new PoolLayout(layout, columns, request.pooling(), vectors ? width : 0);
    JavaRDD<InternalRow> parts =
        work.features(rows, width, pool.ofTokens())
            .mapPartitions(tokens -> new PoolRows(tokens, pool), true);
    return pooled(session, pool, occupied(parts));
  }

  /** Of the rows in front of the features. */
  private int width() {
    DecoderModel model = work.model().value();
    return request.features().kind() == Kind.ATTENTION
        ? model.attention(attended.size() - 1).outputWidth()
        : model.hiddenSize();
  }

  /** With the ids of the tokens behind them; a model that gives scores has a layer at least. */
  private synchronized JavaRDD<InternalRow> followed() {
    if (firstIds == null) {
      FirstIds first =
          plan().figures().scanned() == 0
              ? FirstIds.none()
              : FirstIds.read(embedded, plan().planned(), layout.sequenceType());
      firstIds = JavaSparkContext.fromSparkContext(embedded.context()).broadcast(first);
    }
    return work.withNext(hidden, plan().planned(), firstIds);
  }

  private JavaRDD<InternalRow> occupied(JavaRDD<InternalRow> rows) {
    return indexed == null ? rows : indexed.occupied().of(rows);
  }

  private static JavaRDD<InternalRow> pooled(
      SparkSession session, PoolLayout pool, JavaRDD<InternalRow> parts) {
    List<Column> keys = new ArrayList<>();
    if (pool.sequenced()) {
      keys.add(col(PoolLayout.SEQUENCE));
    }
    keys.add(col(PoolLayout.GROUP));
    List<Column> order = new ArrayList<>(keys);
    order.add(col(PoolLayout.FIRST));
    Dataset<Row> sorted =
        session
            .internalCreateDataFrame(
                ProjectedRows.of(parts, pool.parts()).rdd(), pool.parts(), false)
            .repartition(Math.max(1, parts.getNumPartitions()), keys.toArray(Column[]::new))
            .sortWithinPartitions(order.toArray(Column[]::new));
    return ((org.apache.spark.sql.classic.Dataset<Row>) sorted)
        .queryExecution()
        .toRdd()
        .toJavaRDD()
        .mapPartitions(rows -> new PooledRows(rows, pool), true);
  }

  /** The states of all layers behind all sequences, rows of {@link ModelStates#schema}. */
  JavaRDD<InternalRow> finalStates() {
    ModelStates states = new ModelStates(layout.sequenceType(), work.model().value().fingerprint());
    JavaRDD<InternalRow> all = null;
    for (int i = 0; i < attended.size(); i++) {
      int layer = i;
      AttentionSettings settings = attended.get(layer).settings();
      JavaRDD<InternalRow> rows =
          attended
              .get(layer)
              .finalStates()
              .map(packed -> states.row(settings, layer, SequenceState.unpack(packed)));
      all = all == null ? rows : all.union(rows);
    }
    return all;
  }
}
