package io.hla.spark.extract;

import static org.apache.spark.sql.functions.col;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Element;
import io.hla.spark.Figure;
import io.hla.spark.InputException;
import io.hla.spark.JobObserver;
import io.hla.spark.attend.AttentionJob;
import io.hla.spark.attend.IndexedTokens;
import io.hla.spark.attend.JobParts;
import io.hla.spark.attend.Phases;
import io.hla.spark.attend.Prepared;
import io.hla.spark.extract.Features.Kind;
import io.hla.spark.model.ModelConfig;
import io.hla.spark.model.ModelDirectory;
import io.hla.spark.passes.JobMetrics;
import io.hla.spark.plan.AttentionExec;
import io.hla.spark.plan.AttentionNode;
import io.hla.spark.plan.AttentionStrategy;
import io.hla.spark.plan.AttentionTable;
import io.hla.spark.plan.InputFiles;
import io.hla.spark.plan.PhysicalRows;
import io.hla.spark.plan.PinnedSession;
import io.hla.spark.plan.PlannedTokens;
import io.hla.spark.plan.ProjectedRows;
import io.hla.spark.plan.Selected;
import io.hla.spark.plan.SequencePlan;
import io.hla.spark.runs.RunPlan;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.IdSelection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.types.DataTypeUtils;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SQLExecution;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The layers of a model over a table of ids: for every layer the scan of its attention, whose
 * tokens come from the layer below. What is left is the pass that gives the features.
 */
public final class ExtractionPlan implements SequencePlan {
  private final SparkSession session;
  private final PinnedSession pinned;
  private final FeatureExtractor request;
  private final ModelConfig config;
  private final IdSelection selection;
  private final List<LogicalPlan> inputs = new ArrayList<>();
  private final HiddenLayout layout;
  private final FeatureColumns columns;
  private final int layers;
  private final StructType outputSchema;
  private final JobMetrics metrics;
  private final SQLMetric layerTime;
  private Extraction extraction;
  private final Map<Figure, Object> figures = new EnumMap<>(Figure.class);

  /**
   * What has been prepared.
   *
   * @param work with the model
   * @param hidden rows in front of the features, in the partitions of the plan
   * @param width of these
   * @param attended by layer; empty for the embedding alone
   * @param indexed the tokens of the first layer
   * @param embedded the hidden vectors in front of the first layer
   * @param kept what lies on the disks of executors
   */
  private record Extraction(
      LayerWork work,
      JavaRDD<InternalRow> hidden,
      int width,
      List<Prepared> attended,
      IndexedTokens indexed,
      JavaRDD<InternalRow> embedded,
      List<KeptRows> kept,
      InputFiles files) {}

  /**
   * Plans an extraction; nothing runs.
   *
   * @param ids the table of ids, analyzed
   * @param states a table of the initial states of all layers, analyzed, or null
   * @throws InputException HLA_MODEL_*, HLA_FEATURES, HLA_INPUT_COLUMN, HLA_INPUT_TYPE,
   *     HLA_INPUT_STREAMING, HLA_OUTPUT_COLUMN or HLA_STATE_TABLE
   */
  public ExtractionPlan(
      FeatureExtractor request, SparkSession session, LogicalPlan ids, LogicalPlan states) {
    this.request = request;
    this.session = session;
    try (ModelDirectory files = open()) {
      config = files.config();
    }
    request.check(config);
    layers = request.features().layers(config.layers());
    pinned = PinnedSession.of(session);
    metrics = JobMetrics.of(session.sparkContext());
    layerTime =
        SQLMetrics.createNanoTimingMetric(session.sparkContext(), "time between attentions", 0);
    refuseStream(ids, "the table");
    selection = IdSelection.of(ids.schema(), request.columns());
    inputs.add(Selected.of(session, ids, selection.columns()));
    if (states != null) {
      String name = "the table of initial states";
      refuseStream(states, name);
      inputs.add(
          Selected.of(
              session,
              states,
              ModelStates.columns(states.schema(), name, selection.sequenceType())));
    }
    layout =
        new HiddenLayout(
            selection.sequenceType(),
            request.columns().sequence(),
            request.columns().position(),
            Arrays.stream(selection.kept().fields()).map(StructField::dataType).toList(),
            request.precision().isDouble() ? Element.DOUBLE : Element.FLOAT);
    columns =
        new FeatureColumns(request.features(), request.scored(), request.dtype(), request.l2());
    outputSchema = FeatureSchema.of(request, selection);
    AttentionStrategy.install(session);
  }

  /** The same for tables that stand alone; {@code states} may be null. */
  ExtractionPlan(FeatureExtractor request, Dataset<Row> ids, Dataset<Row> states) {
    this(
        request,
        (SparkSession) ids.sparkSession(),
        Selected.analyzed(ids),
        states == null ? null : Selected.analyzed(states));
  }

  private ModelDirectory open() {
    return ModelDirectory.open(
        session.sparkContext().hadoopConfiguration(), request.model(), request.allowsExtra());
  }

  private static void refuseStream(LogicalPlan plan, String name) {
    if (plan.isStreaming()) {
      throw new InputException(
          "HLA_INPUT_STREAMING",
          name + " is a stream, whose batches would each be taken for all of it");
    }
  }

  private StructType schema(AttentionTable table) {
    return table == AttentionTable.OUTPUTS
        ? outputSchema
        : ModelStates.schema(selection.sequenceType());
  }

  /**
   * A node of this plan, for features or final states; lazy.
   *
   * @throws IllegalStateException for final states that the request does not ask for
   */
  public LogicalPlan node(AttentionTable table) {
    if (table == AttentionTable.FINAL_STATES && !request.wantsFinalStates()) {
      throw new IllegalStateException("final states were not asked for");
    }
    List<Attribute> attributes = new ArrayList<>();
    CollectionConverters.asJava(DataTypeUtils.toAttributes(schema(table))).forEach(attributes::add);
    return new AttentionNode(inputs, attributes, table, this);
  }

  /** A table of this plan: features or final states; lazy. */
  Dataset<Row> table(AttentionTable table) {
    return org.apache.spark.sql.classic.Dataset.ofRows(session, node(table));
  }

  /** A table of the same columns without a row. */
  Dataset<Row> empty(AttentionTable table) {
    return session.createDataFrame(List.of(), schema(table));
  }

  DataType sequenceType() {
    return selection.sequenceType();
  }

  /** Runs all passes but the last, unless they have run. */
  void prepare() {
    Dataset<Row> outputs = table(AttentionTable.OUTPUTS);
    QueryExecution execution =
        ((org.apache.spark.sql.classic.Dataset<Row>) outputs).queryExecution();
    SQLExecution.withNewExecutionId(
        execution, Option.apply("features: states"), () -> execution.toRdd().partitions());
  }

  /** Figures so far. */
  synchronized Map<Figure, Object> figures() {
    Map<Figure, Object> all = new EnumMap<>(Figure.class);
    all.putAll(figures);
    all.put(Figure.READING_SECONDS, metrics.reading().value() / 1e9);
    all.put(Figure.COMPUTING_SECONDS, metrics.computing().value() / 1e9);
    all.put(Figure.LAYER_SECONDS, layerTime.value() / 1e9);
    return all;
  }

  /** The files behind the ids, once prepared. */
  synchronized InputFiles inputFiles() {
    return extraction.files();
  }

  /** Gives back what lies on the disks of executors; features are computed anew behind it. */
  synchronized void forget() {
    if (extraction != null) {
      extraction.kept().forEach(KeptRows::forget);
      extraction.work().model().unpersist(false);
    }
  }

  @Override
  public String describe(AttentionTable table) {
    return String.format(
        Locale.ROOT,
        "%s of %d layers, width %d, heads %d/%d, %s, %s",
        table == AttentionTable.OUTPUTS ? request.features() : "final states",
        layers,
        config.hiddenSize(),
        config.numHeads(),
        config.numKvHeads(),
        request.precision().text(),
        request.model());
  }

  @Override
  public LogicalPlan pinned(LogicalPlan input) {
    return pinned.pinned(input);
  }

  @Override
  public Map<String, SQLMetric> metrics() {
    Map<String, SQLMetric> all = metrics.byName();
    all.put("layers", layerTime);
    return all;
  }

  @Override
  public RDD<InternalRow> rows(AttentionExec node) {
    Extraction prepared = prepared(node);
    StructType schema = schema(node.table());
    JavaRDD<InternalRow> rows =
        node.table() == AttentionTable.OUTPUTS ? features(prepared) : finalStates(prepared);
    return ProjectedRows.of(rows, schema).rdd();
  }

  private synchronized Extraction prepared(AttentionExec node) {
    if (extraction == null) {
      PlannedTokens ids =
          new PlannedTokens(
              pinned,
              inputs.get(0),
              selection.schema(),
              selection.sequenceType(),
              node.inputs().get(0),
              session.sessionState().conf());
      InputFiles files = new InputFiles(ids.rows().rdd());
      if (files.bytes() > 0) {
        request.observer().figure(Figure.FILE_BYTES, files.bytes());
      }
      extraction = files.reading(() -> extract(ids, states(node), files));
    }
    return extraction;
  }

  private JavaRDD<InternalRow> states(AttentionExec node) {
    return inputs.size() == 1
        ? null
        : PhysicalRows.of(node.inputs().get(1), session.sessionState().conf()).toJavaRDD();
  }

  // --- Layers ---

  private Extraction extract(PlannedTokens ids, JavaRDD<InternalRow> states, InputFiles files) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
    DecoderModel model;
    try (ModelDirectory directory = open()) {
      model = new DecoderModel(directory, request.precision(), layers, request.scored());
    }
    LayerWork work = new LayerWork(context.broadcast(model), layout, request.compute(), layerTime);
    ModelTokens source =
        new ModelTokens(
            ids, selection.sequenceType(), work::embed, hidden -> work.enter(hidden, 0));
    List<Prepared> attended = new ArrayList<>();
    List<KeptRows> kept = new ArrayList<>();
    IndexedTokens indexed = null;
    JavaRDD<InternalRow> hidden = layers == 0 ? work.embed(ids.rows()) : null;
    RunPlan ordered = null;
    boolean done = false;
    try {
      if (layers > 1) {
        put(Figure.SCAN_STEPS_BECAUSE, "every layer has its own");
      }
      for (int layer = 0; layer < layers; layer++) {
        AttentionJob job = job(context, model.attention(layer), layer);
        if (layer == 0) {
          indexed = job.index(source);
          hidden = source.hidden();
        }
        JavaRDD<InternalRow> tokens = layer == 0 ? indexed.rows() : work.enter(hidden, layer);
        Prepared prepared =
            job.prepare(
                indexed.with(tokens),
                ordered,
                states == null
                    ? null
                    : new ModelStates(selection.sequenceType(), model.fingerprint())
                        .of(states, layer));
        ordered = states == null ? prepared.plan() : null;
        attended.add(prepared);
        checkContinued(attended.get(0), prepared, layer);
        boolean last = layer == layers - 1;
        hidden =
            work.leave(
                prepared.allOutputs(), layer, last && request.features().kind() == Kind.ATTENTION);
        if (!last && keeps(prepared.plan())) {
          KeptRows rows = KeptRows.of(hidden, prepared.plan().planned(), layout);
          kept.add(rows);
          hidden = rows.toJavaRDD();
        }
        // The layer below has been read for the last time.
        if (kept.size() > 1 && layer > 1) {
          kept.remove(0).forget();
        }
      }
      done = true;
    } finally {
      if (!done) {
        kept.forEach(KeptRows::forget);
        work.model().unpersist(false);
      }
    }
    int width = model.hiddenSize();
    if (layers > 0 && request.features().kind() == Kind.ATTENTION) {
      width = model.attention(layers - 1).outputWidth();
    }
    return new Extraction(work, hidden, width, attended, indexed, source.hidden(), kept, files);
  }

  /** A sequence goes on from the states of all layers or of none. */
  private static void checkContinued(Prepared first, Prepared prepared, int layer) {
    long expected = first.plan().figures().continued();
    long found = prepared.plan().figures().continued();
    if (found != expected) {
      throw new InputException(
          "HLA_STATE_REQUIRED",
          String.format(
              Locale.ROOT,
              "%,d sequences go on from a state of layer 1 and %,d from one of layer %d, expected the"
                  + " states of all layers",
              expected,
              found,
              layer + 1));
    }
  }

  private AttentionJob job(JavaSparkContext context, AttentionSettings settings, int layer) {
    JobObserver observer = new LayerObserver(request.observer(), figures, layer == 0);
    return new AttentionJob(
        context,
        settings,
        new HeadSizes(settings.headDim(), settings.valueDim()),
        request.compute(),
        layout.tokens(settings.gated()),
        request.wantsFinalStates(),
        metrics,
        observer,
        new Phases(context.sc(), request.observer(), "layer " + (layer + 1) + " "),
        JobParts.SOUND);
  }

  /** Whether hidden vectors are kept; without a scan only one pass reads them. */
  private boolean keeps(RunPlan plan) {
    if (plan.figures().scanned() == 0) {
      return false;
    }
    long bytes = plan.figures().tokens() * config.hiddenSize() * layout.element().bytes();
    boolean keep =
        request.betweenLayers() == BetweenLayers.KEEP
            || (request.betweenLayers() == BetweenLayers.AUTO && bytes <= keepBytes());
    put(Figure.BETWEEN_LAYERS, keep ? "kept" : "recomputed");
    put(
        Figure.BETWEEN_LAYERS_BECAUSE,
        request.betweenLayers() != BetweenLayers.AUTO
            ? "asked for"
            : String.format(
                Locale.ROOT,
                "hidden vectors of a layer take %,d bytes, and %,d may be kept",
                bytes,
                keepBytes()));
    return keep;
  }

  private long keepBytes() {
    return request.keepBytes() != null
        ? request.keepBytes()
        : session
            .sparkContext()
            .conf()
            .getSizeAsBytes("spark.hla.extract.keepBytes", FeatureExtractor.DEFAULT_KEEP_BYTES);
  }

  private void put(Figure figure, Object value) {
    if (figures.put(figure, value) == null) {
      request.observer().figure(figure, value);
    }
  }

  // --- Tables ---

  private JavaRDD<InternalRow> features(Extraction prepared) {
    LayerWork work = prepared.work();
    JavaRDD<InternalRow> hidden = prepared.hidden();
    if (request.scored()) {
      // A model that gives scores has a layer at least.
      RunPlan plan = prepared.attended().get(0).plan();
      FirstIds first =
          plan.figures().scanned() == 0
              ? FirstIds.none()
              : FirstIds.read(prepared.embedded(), plan.planned(), selection.sequenceType());
      JavaSparkContext context = JavaSparkContext.fromSparkContext(session.sparkContext());
      hidden = work.withNext(hidden, plan.planned(), context.broadcast(first));
    }
    int width = request.features().kind() == Kind.NONE ? 0 : prepared.width();
    if (request.pooling().isNone()) {
      return occupied(prepared, work.features(hidden, prepared.width(), columns));
    }
    PoolLayout pool = new PoolLayout(layout, columns, request.pooling(), width);
    return pooled(
        pool,
        occupied(
            prepared,
            work.features(hidden, prepared.width(), pool.ofTokens())
                .mapPartitions(rows -> new PoolRows(rows, pool), true)));
  }

  private static JavaRDD<InternalRow> occupied(Extraction prepared, JavaRDD<InternalRow> rows) {
    return prepared.indexed() == null ? rows : prepared.indexed().occupied().of(rows);
  }

  private JavaRDD<InternalRow> pooled(PoolLayout pool, JavaRDD<InternalRow> parts) {
    List<Column> keys = new ArrayList<>();
    if (pool.sequenced()) {
      keys.add(col(PoolLayout.SEQUENCE));
    }
    keys.add(col(PoolLayout.GROUP));
    List<Column> order = new ArrayList<>(keys);
    order.add(col(PoolLayout.FIRST));
    Dataset<Row> sorted =
        pinned
            .session()
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

  private JavaRDD<InternalRow> finalStates(Extraction prepared) {
    ModelStates states =
        new ModelStates(selection.sequenceType(), prepared.work().model().value().fingerprint());
    JavaRDD<InternalRow> all = null;
    for (int i = 0; i < prepared.attended().size(); i++) {
      int layer = i;
      AttentionSettings settings = prepared.attended().get(i).settings();
      JavaRDD<InternalRow> rows =
          prepared
              .attended()
              .get(i)
              .finalStates()
              .map(packed -> states.row(settings, layer, SequenceState.unpack(packed)));
      all = all == null ? rows : all.union(rows);
    }
    return all;
  }
}
