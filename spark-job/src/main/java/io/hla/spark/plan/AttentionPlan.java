package io.hla.spark.plan;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Summary;
import io.hla.kernels.Element;
import io.hla.spark.Attention;
import io.hla.spark.Figure;
import io.hla.spark.InputException;
import io.hla.spark.attend.AttentionJob;
import io.hla.spark.attend.JobParts;
import io.hla.spark.attend.Phases;
import io.hla.spark.attend.Prepared;
import io.hla.spark.parquet.ReadCounts;
import io.hla.spark.passes.JobMetrics;
import io.hla.spark.scan.TreeItem;
import io.hla.spark.state.SequenceState;
import io.hla.spark.state.StateTable;
import io.hla.spark.state.SummaryTable;
import io.hla.spark.table.TokenRow;
import io.hla.spark.table.TokenSelection;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
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
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/** What all nodes of one attention share: the request, and what was prepared for it. */
public final class AttentionPlan implements SequencePlan {
  private final SparkSession session;
  private final PinnedSession pinned;
  private final Attention request;
  private final TokenSelection selection;
  private final List<LogicalPlan> inputs = new ArrayList<>();
  private final AttentionSettings template;
  private final JobParts parts;
  private final JobMetrics metrics;
  private final StructType outputSchema;
  private QueryExecution execution;
  private Prepared prepared;

  /**
   * Plans attention; nothing runs.
   *
   * @param tokens the token table, analyzed
   * @param states a table of initial states, analyzed, or null
   * @param parts what the job is put together from
   * @throws InputException HLA_INPUT_COLUMN, HLA_INPUT_TYPE, HLA_INPUT_STREAMING, HLA_OUTPUT_COLUMN
   *     or HLA_STATE_TABLE
   */
  public AttentionPlan(
      Attention request,
      SparkSession session,
      LogicalPlan tokens,
      LogicalPlan states,
      JobParts parts) {
    request.check();
    this.request = request;
    this.session = session;
    this.parts = parts;
    pinned = PinnedSession.of(session);
    metrics = JobMetrics.of(session.sparkContext());
    template = request.settings(1, 1);
    refuseStream(tokens, "the table", "; Attention.stream is for streams");
    selection = TokenSelection.of(tokens.schema(), request.columns(), request.outputType());
    inputs.add(Selected.of(session, tokens, selection.columns()));
    DataType sequenceType = selection.layout().sequenceType();
    if (states != null) {
      String name = "the table of initial states";
      refuseStream(states, name, "");
      List<Column> columns = StateTable.columns(states.schema(), name, sequenceType);
      inputs.add(Selected.of(session, states, columns));
    }
    request.columns().checkOutput(sequenceType != null, request.outputColumn());
    outputSchema = outputSchema();
    AttentionStrategy.install(session);
  }

  /** The same for tables that stand alone; {@code states} may be null. */
  public AttentionPlan(
      Attention request, Dataset<Row> tokens, Dataset<Row> states, JobParts parts) {
    this(
        request,
        (SparkSession) tokens.sparkSession(),
        Selected.analyzed(tokens),
        states == null ? null : Selected.analyzed(states),
        parts);
  }

  private static void refuseStream(LogicalPlan plan, String name, String instead) {
    if (plan.isStreaming()) {
      throw new InputException(
          "HLA_INPUT_STREAMING",
          name + " is a stream, whose batches would each be taken for all of it" + instead);
    }
  }

  private StructType outputSchema() {
    StructType schema = new StructType();
    if (sequenceType() != null) {
      schema = schema.add(request.columns().sequence(), sequenceType(), false);
    }
    DataType number =
        request.outputType() == Element.DOUBLE ? DataTypes.DoubleType : DataTypes.FloatType;
    schema =
        schema
            .add(request.columns().position(), DataTypes.LongType, false)
            .add(request.outputColumn(), DataTypes.createArrayType(number, false), false);
    for (StructField field : selection.kept().fields()) {
      schema = schema.add(field);
    }
    return schema;
  }

  /** The type of the sequence column, or null when there is none. */
  public DataType sequenceType() {
    return selection.layout().sequenceType();
  }

  private StructType schema(AttentionTable table) {
    return switch (table) {
      case OUTPUTS -> outputSchema;
      case FINAL_STATES, PREFIXES -> StateTable.schema(sequenceType());
      case SUMMARIES -> SummaryTable.schema(sequenceType());
    };
  }

  /**
   * A node of this plan; lazy.
   *
   * @throws IllegalStateException for final states that the request does not ask for
   * @throws InputException HLA_OPTION_NOT_APPLICABLE for summaries that depend on what stands in
   *     front of them
   */
  public LogicalPlan node(AttentionTable table) {
    if (table == AttentionTable.FINAL_STATES && !request.wantsFinalStates()) {
      throw new IllegalStateException("final states were not asked for");
    }
    if (table == AttentionTable.SUMMARIES && Summary.steps(template) > 1) {
      throw new InputException(
          "HLA_OPTION_NOT_APPLICABLE",
          String.format(
              Locale.ROOT,
              "summaries of %s depend on what stands in front of them, expected an operator of one"
                  + " scan step",
              template.operator()));
    }
    List<Attribute> columns = new ArrayList<>();
    CollectionConverters.asJava(DataTypeUtils.toAttributes(schema(table))).forEach(columns::add);
    return new AttentionNode(inputs, columns, table, this);
  }

  /** A table of this plan; lazy. What was prepared for one of them serves all. */
  public Dataset<Row> table(AttentionTable table) {
    return org.apache.spark.sql.classic.Dataset.ofRows(session, node(table));
  }

  /** A table of the same columns without a row. */
  public Dataset<Row> empty(AttentionTable table) {
    return session.createDataFrame(List.of(), schema(table));
  }

  /** Runs all passes but the last, unless they have run for the plan of another table. */
  public Prepared prepare() {
    return execute(
        "attention: states",
        rows -> {
          rows.partitions();
          return prepared;
        });
  }

  /** Looks at the positions of the tokens, and says what the passes will cost. */
  public Map<Figure, Object> estimate() {
    return execute("attention: estimate", rows -> estimate(AttentionRows.in(rows).node()));
  }

  private <T> T execute(String name, Function<RDD<InternalRow>, T> work) {
    if (execution == null) {
      Dataset<Row> outputs = table(AttentionTable.OUTPUTS);
      execution = ((org.apache.spark.sql.classic.Dataset<Row>) outputs).queryExecution();
    }
    return SQLExecution.withNewExecutionId(
        execution, Option.apply(name), () -> work.apply(execution.toRdd()));
  }

  /** What tasks have counted so far: times in seconds of all tasks together. */
  public Map<Figure, Object> counted() {
    Map<Figure, Object> counted = new EnumMap<>(Figure.class);
    counted.put(Figure.READING_SECONDS, seconds(metrics.reading()));
    counted.put(Figure.COMPUTING_SECONDS, seconds(metrics.computing()));
    ReadCounts reads = pinned.reads();
    if (reads.raw().value() + reads.fallbacks().value() > 0) {
      counted.put(Figure.ROWS_FROM_PAGES, reads.raw().value());
      counted.put(Figure.SPLITS_DECODED, reads.fallbacks().value());
    }
    return counted;
  }

  private static double seconds(SQLMetric nanoseconds) {
    return nanoseconds.value() / 1e9;
  }

  /** The files behind the tokens, once prepared. */
  public InputFiles inputFiles() {
    return new InputFiles(prepared.rows().rdd());
  }

  @Override
  public String describe(AttentionTable table) {
    Map<String, String> settings = template.describe();
    return String.format(
        Locale.ROOT,
        "%s%s, heads %s/%s, decay %s%s, %s, %s",
        table == AttentionTable.OUTPUTS
            ? ""
            : table.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " of ",
        settings.get("operator"),
        settings.get("num-heads"),
        settings.get("num-kv-heads"),
        settings.get("decay"),
        template.gated() ? " x gates" : "",
        settings.get("precision"),
        request.compute().order().name().toLowerCase(Locale.ROOT));
  }

  @Override
  public Map<String, SQLMetric> metrics() {
    Map<String, SQLMetric> all = metrics.byName();
    all.put("rowsFromPages", pinned.reads().raw());
    all.put("splitsDecoded", pinned.reads().fallbacks());
    return all;
  }

  @Override
  public LogicalPlan pinned(LogicalPlan plan) {
    return pinned.pinned(plan);
  }

  @Override
  public RDD<InternalRow> rows(AttentionExec node) {
    StructType schema = schema(node.table());
    return ProjectedRows.of(internalRows(node), schema).rdd();
  }

  private JavaRDD<InternalRow> internalRows(AttentionExec node) {
    return switch (node.table()) {
      case OUTPUTS -> prepared(node).outputs();
      case FINAL_STATES -> states(prepared(node), prepared(node).finalStates());
      case PREFIXES -> states(prepared(node), prepared(node).prefixes());
      case SUMMARIES -> summaries(node);
    };
  }

  private JavaRDD<InternalRow> states(Prepared from, JavaRDD<byte[]> packed) {
    DataType type = sequenceType();
    AttentionSettings settings = from.settings();
    return packed.map(state -> StateTable.row(type, settings, SequenceState.unpack(state)));
  }

  private JavaRDD<InternalRow> summaries(AttentionExec node) {
    DataType type = sequenceType();
    PlannedTokens tokens = tokens(node);
    JavaRDD<TreeItem> items = files(tokens).reading(() -> job().summaries(tokens));
    return items.map(item -> SummaryTable.row(type, item));
  }

  /** The tokens are the same in every physical plan, so what was prepared from one serves all. */
  private synchronized Prepared prepared(AttentionExec node) {
    if (prepared == null) {
      prepared = run(node);
    }
    return prepared;
  }

  private Prepared run(AttentionExec node) {
    PlannedTokens tokens = tokens(node);
    return files(tokens).reading(() -> job().prepare(tokens, initial(node)));
  }

  private Map<Figure, Object> estimate(AttentionExec node) {
    PlannedTokens tokens = tokens(node);
    Map<Figure, Object> figures = new EnumMap<>(Figure.class);
    figures.putAll(files(tokens).reading(() -> job().estimate(tokens, initial(node))));
    if (tokens.readsPages()) {
      String reader =
          pinned.reads().fallbacks().value() == 0
              ? "from pages as they lie"
              : "by Spark's reader where they are not lists of one length, else from pages";
      figures.put(Figure.READER, reader);
      request.observer().figure(Figure.READER, reader);
    }
    return figures;
  }

  private InputFiles files(PlannedTokens tokens) {
    InputFiles files = new InputFiles(tokens.rows().rdd());
    if (files.bytes() > 0) {
      request.observer().figure(Figure.FILE_BYTES, files.bytes());
    }
    return files;
  }

  private PlannedTokens tokens(AttentionExec node) {
    return new PlannedTokens(
        pinned,
        inputs.get(0),
        selection.schema(),
        selection.layout().sequenceType(),
        TokenRow.SEQUENCE,
        node.inputs().get(0),
        session.sessionState().conf());
  }

  private JavaRDD<InternalRow> initial(AttentionExec node) {
    return inputs.size() == 1
        ? null
        : PhysicalRows.of(node.inputs().get(1), session.sessionState().conf()).toJavaRDD();
  }

  private AttentionJob job() {
    return new AttentionJob(
        JavaSparkContext.fromSparkContext(session.sparkContext()),
        template,
        request.sizes(),
        request.compute(),
        selection.layout(),
        request.wantsFinalStates(),
        metrics,
        request.observer(),
        new Phases(session.sparkContext(), request.observer()),
        parts);
  }
}
