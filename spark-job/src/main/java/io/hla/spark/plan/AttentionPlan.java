package io.hla.spark.plan;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.ComputeSettings;
import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import io.hla.spark.attend.AttentionJob;
import io.hla.spark.attend.JobParts;
import io.hla.spark.attend.Prepared;
import io.hla.spark.parquet.ReadCounts;
import io.hla.spark.passes.JobMetrics;
import io.hla.spark.state.StateTable;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.TokenSelection;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.types.DataTypeUtils;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SQLExecution;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/** What all copies of one attention node share: the request, and what was prepared for it. */
public final class AttentionPlan {
  private final SparkSession session;
  private final PinnedSession pinned;
  private final TokenSelection selection;
  private final Dataset<Row> states;
  private final AttentionSettings template;
  private final HeadSizes sizes;
  private final ComputeSettings compute;
  private final boolean withFinal;
  private final JobObserver observer;
  private final JobParts parts;
  private final JobMetrics metrics;
  private final Dataset<Row> outputs;
  private Prepared prepared;

  /**
   * Plans attention; nothing runs.
   *
   * @param states initial states, or null
   * @param template settings for heads of any size
   * @param sizes head sizes, or null when the first row is to tell them
   * @param schema of the outputs
   * @param parts what the job is put together from
   * @throws io.hla.spark.InputException if the states are no table of states
   */
  public AttentionPlan(
      TokenSelection selection,
      Dataset<Row> states,
      AttentionSettings template,
      HeadSizes sizes,
      ComputeSettings compute,
      boolean withFinal,
      StructType schema,
      JobObserver observer,
      JobParts parts) {
    session = (SparkSession) selection.tokens().sparkSession();
    pinned = PinnedSession.of(session);
    metrics = JobMetrics.of(session.sparkContext());
    this.selection = selection;
    this.template = template;
    this.sizes = sizes;
    this.compute = compute;
    this.withFinal = withFinal;
    this.observer = observer;
    this.parts = parts;
    this.states =
        states == null
            ? null
            : StateTable.of(
                states, "the table of initial states", selection.layout().sequenceType());
    AttentionStrategy.install(session);
    List<LogicalPlan> inputs = new ArrayList<>(List.of(analyzed(selection.tokens())));
    if (states != null) {
      inputs.add(analyzed(this.states));
    }
    List<Attribute> columns = new ArrayList<>();
    CollectionConverters.asJava(DataTypeUtils.toAttributes(schema)).forEach(columns::add);
    outputs =
        org.apache.spark.sql.classic.Dataset.ofRows(
            session, new AttentionNode(inputs, columns, this));
  }

  private static LogicalPlan analyzed(Dataset<Row> table) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) table).queryExecution().analyzed();
  }

  /** The outputs; lazy. */
  public Dataset<Row> outputs() {
    return outputs;
  }

  /** Runs all passes but the last, unless they have run for the plan of {@link #outputs}. */
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
    QueryExecution execution =
        ((org.apache.spark.sql.classic.Dataset<Row>) outputs).queryExecution();
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

  String describe() {
    Map<String, String> settings = template.describe();
    return String.format(
        Locale.ROOT,
        "%s, heads %s/%s, decay %s%s, %s, %s",
        settings.get("operator"),
        settings.get("num-heads"),
        settings.get("num-kv-heads"),
        settings.get("decay"),
        template.gated() ? " x gates" : "",
        settings.get("precision"),
        compute.order().name().toLowerCase(Locale.ROOT));
  }

  /** All metrics of the node, by a key. */
  Map<String, SQLMetric> metrics() {
    Map<String, SQLMetric> all = metrics.byName();
    all.put("rowsFromPages", pinned.reads().raw());
    all.put("splitsDecoded", pinned.reads().fallbacks());
    return all;
  }

  LogicalPlan pinned(LogicalPlan plan) {
    return pinned.pinned(plan);
  }

  /** The output rows of a node, behind all passes that have to run first. */
  RDD<InternalRow> outputs(AttentionExec node) {
    StructType schema = outputs.schema();
    return prepared(node)
        .outputs()
        .mapPartitions(
            rows -> {
              UnsafeProjection projection = UnsafeProjection.create(schema);
              return new Projected(rows, projection);
            },
            true)
        .rdd();
  }

  private record Projected(Iterator<InternalRow> rows, UnsafeProjection projection)
      implements Iterator<InternalRow> {
    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public InternalRow next() {
      return projection.apply(rows.next());
    }
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
      observer.figure(Figure.READER, reader);
    }
    return figures;
  }

  private InputFiles files(PlannedTokens tokens) {
    InputFiles files = new InputFiles(tokens.rows().rdd());
    if (files.bytes() > 0) {
      observer.figure(Figure.FILE_BYTES, files.bytes());
    }
    return files;
  }

  private PlannedTokens tokens(AttentionExec node) {
    return new PlannedTokens(
        pinned,
        selection.tokens(),
        selection.layout(),
        node.inputs().get(0),
        session.sessionState().conf());
  }

  private JavaRDD<InternalRow> initial(AttentionExec node) {
    return states == null
        ? null
        : PhysicalRows.of(node.inputs().get(1), session.sessionState().conf()).toJavaRDD();
  }

  private AttentionJob job() {
    return new AttentionJob(
        JavaSparkContext.fromSparkContext(session.sparkContext()),
        template,
        sizes,
        compute,
        selection.layout(),
        withFinal,
        metrics,
        observer,
        parts);
  }
}
