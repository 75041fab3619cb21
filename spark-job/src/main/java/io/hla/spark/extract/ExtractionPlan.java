package io.hla.spark.extract;

import io.hla.spark.Figure;
import io.hla.spark.InputException;
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
import io.hla.spark.table.IdSelection;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
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
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/** What all nodes of one extraction share: the request, and what was prepared for it. */
public final class ExtractionPlan implements SequencePlan {
  private final SparkSession session;
  private final PinnedSession pinned;
  private final FeatureExtractor request;
  private final ModelConfig config;
  private final IdSelection selection;
  private final List<LogicalPlan> inputs = new ArrayList<>();
  private final int layers;
  private final StructType outputSchema;
  private final JobMetrics metrics;
  private final SQLMetric layerTime;
  private Extraction extraction;
  private InputFiles inputFiles;
  private final Map<Figure, Object> figures = new EnumMap<>(Figure.class);

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
    try (ModelDirectory files = request.open(session.sparkContext().hadoopConfiguration())) {
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
    return inputFiles;
  }

  /** Gives back what lies on the disks of executors; features are computed anew behind it. */
  synchronized void forget() {
    if (extraction != null) {
      extraction.forget();
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
        node.table() == AttentionTable.OUTPUTS
            ? prepared.features(pinned.session())
            : prepared.finalStates();
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
              IdSelection.SEQUENCE,
              node.inputs().get(0),
              session.sessionState().conf());
      InputFiles files = new InputFiles(ids.rows().rdd());
      if (files.bytes() > 0) {
        request.observer().figure(Figure.FILE_BYTES, files.bytes());
      }
      ExtractionJob job =
          new ExtractionJob(
              JavaSparkContext.fromSparkContext(session.sparkContext()),
              request,
              HiddenLayout.of(request, selection),
              metrics,
              layerTime,
              figures);
      extraction = files.reading(() -> job.run(ids, states(node)));
      inputFiles = files;
    }
    return extraction;
  }

  private JavaRDD<InternalRow> states(AttentionExec node) {
    return inputs.size() == 1
        ? null
        : PhysicalRows.of(node.inputs().get(1), session.sessionState().conf()).toJavaRDD();
  }
}
