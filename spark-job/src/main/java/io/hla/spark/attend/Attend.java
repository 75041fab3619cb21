package io.hla.spark.attend;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.State;
import io.hla.kernels.Summary;
import io.hla.spark.InputException;
import io.hla.spark.input.Run;
import io.hla.spark.input.RunIndex;
import io.hla.spark.input.SequenceKey;
import io.hla.spark.input.TokenColumns;
import io.hla.spark.input.TokenTable;
import io.hla.spark.report.Report;
import io.hla.spark.scan.Node;
import io.hla.spark.scan.RunTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Higher-order linear attention over a token table: index the runs, order them, summarize them,
 * scan the summaries, and give every token the output that one machine would have computed. All but
 * the last pass happen in {@link #run}; the last one runs when the outputs are written.
 */
public final class Attend {
  private final SparkSession spark;
  private final JavaSparkContext context;
  private final AttentionSettings settings;
  private final AttendOptions options;
  private final Report report;

  public Attend(
      SparkSession spark, AttentionSettings settings, AttendOptions options, Report report) {
    this.spark = spark;
    this.context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    this.settings = settings;
    this.options = options;
    this.report = report;
  }

  /**
   * What a job gives.
   *
   * @param outputs rows (seq if there is one, pos, output column, kept columns), within a sequence
   *     in the stored order; computed when they are written
   * @param states the states behind all sequences when they were asked for, else empty
   * @param prefixes the state in front of every run, null bytes where nothing stands in front
   * @param runs the runs of the table in stream order
   * @param summaries makes the summaries of single runs again
   */
  public record Result(
      Dataset<Row> outputs,
      JavaRDD<SequenceState> states,
      JavaRDD<SequenceState> prefixes,
      RunTable runs,
      RunSummaries summaries) {}

  /**
   * Runs every pass but the last.
   *
   * @param stored the tokens
   * @param columns names of the sequence and position columns, here and in the output
   * @param outputColumn name of the output column
   * @param initial states in front of sequences; sequences without one start from nothing
   * @param withFinal whether the states behind the sequences are wanted
   * @throws InputException if positions do not cover their sequences, or values are refused
   */
  public Result run(
      TokenTable stored,
      TokenColumns columns,
      String outputColumn,
      Map<SequenceKey, SequenceState> initial,
      boolean withFinal) {
    TokenTable table = stored;
    JobMetrics metrics = JobMetrics.of(context.sc(), report);
    RunIndex index = index("index", "reading positions", table, metrics);
    boolean sort = options.order() == AttendOptions.InputOrder.SORT;
    RunTable runs = null;
    if (!sort && index.isListed()) {
      runs = RunTable.of(index.runs());
      sort = options.order() == AttendOptions.InputOrder.AUTO && sortingCostsLess(index, runs);
    } else if (!sort) {
      requireAuto(index);
      sort = true;
    }
    if (sort) {
      table = stored.sorted();
      index = index("sort", "sorting tokens by sequence and position", table, metrics);
      runs = RunTable.of(index.runs());
    }
    checkContinues(runs, initial);
    report.runs(index.tokens(), runs.sequences(), runs.runs(), index.partitions(), sort);
    RunPlan plan = new RunPlan(index.partitions(), index.runs(), runs, initial.keySet(), withFinal);
    Broadcast<ArrayList<List<PlannedRun>>> shared = context.broadcast(plan.byPartition());
    StateScan.Scanned scanned = scan(table, plan, shared, initial, withFinal, metrics);
    OutputPass pass = new OutputPass(table.layout(), settings, options, shared, metrics);
    JavaRDD<InternalRow> rows = scanned.inFront().map(table.rows(), pass);
    Dataset<Row> outputs =
        ((org.apache.spark.sql.classic.SparkSession) spark)
            .internalCreateDataFrame(rows.rdd(), schema(table, columns, outputColumn), false);
    return new Result(
        outputs,
        finalStates(plan, scanned, initial),
        scanned.inFront().prefixes(context, plan, shared),
        runs,
        new RunSummaries(context, table, settings, options, plan, metrics));
  }

  private RunIndex index(String phase, String doing, TokenTable table, JobMetrics metrics) {
    int mostOpen = OpenRuns.most(settings, options.openBytes());
    return report.phase(phase, doing, () -> table.index(mostOpen, metrics.positions()));
  }

  private StateScan.Scanned scan(
      TokenTable table,
      RunPlan plan,
      Broadcast<ArrayList<List<PlannedRun>>> shared,
      Map<SequenceKey, SequenceState> initial,
      boolean withFinal,
      JobMetrics metrics) {
    Map<Integer, byte[]> first = bySequence(plan, initial);
    StateAction action = new StateAction(settings, context.broadcast(first), metrics);
    StateScan scan = new StateScan(context, plan, action, options.fanIn(), withFinal, report);
    long bytes = plan.scanned() * Summary.sizeInBytes(settings, 0);
    boolean distributed = bytes > options.driverBytes();
    describe(ScanCost.of(plan, options.fanIn(), first.size(), withFinal, distributed));
    report.figure("scannedOn", distributed ? "executors" : "driver");
    Broadcast<Map<Node, RunStates.Home>> homes =
        distributed ? context.broadcast(RunStates.Home.of(plan.bySequence())) : null;
    StateScan.Scanned scanned = null;
    RunStates inFront = RunStates.Everywhere.of(context, Map.of());
    for (int step = 0; step < Summary.steps(settings); step++) {
      SummaryPass pass = new SummaryPass(table.layout(), settings, options, step, shared, metrics);
      JavaPairRDD<Node, byte[]> items = pass.summaries(table.rows(), inFront);
      StateScan.Scanned next =
          distributed
              ? scan.onExecutors(items, Summary.sizeInBytes(settings, step), homes)
              : scan.onDriver(items);
      scanned = scanned == null ? next : scanned.join(next);
      inFront = scanned.inFront();
    }
    return scanned;
  }

  /** Says what the scan moves and computes, in all of its steps. */
  private void describe(ScanCost step) {
    int steps = Summary.steps(settings);
    long summaryBytes = 0;
    for (int i = 0; i < steps; i++) {
      summaryBytes += Summary.identity(settings, i).toBytes().length;
    }
    report.figure("fanIn", options.fanIn());
    report.figure("scanLevels", step.levels());
    report.figure("combines", steps * step.combines());
    report.figure("advances", steps * step.advances());
    report.figure("summaryBytesMoved", step.summaries() * summaryBytes);
    report.figure(
        "stateBytesMoved", steps * step.states() * State.initial(settings).toBytes().length);
  }

  private static Map<Integer, byte[]> bySequence(
      RunPlan plan, Map<SequenceKey, SequenceState> states) {
    Map<Integer, byte[]> initial = new HashMap<>();
    for (List<PlannedRun> runs : plan.bySequence()) {
      SequenceState state = states.get(runs.get(0).run().sequence());
      if (state != null && state.state() != null) {
        initial.put(runs.get(0).node().sequence(), state.state());
      }
    }
    return initial;
  }

  /** The states behind the sequences of the table, and the initial ones of all others. */
  private JavaRDD<SequenceState> finalStates(
      RunPlan plan, StateScan.Scanned scanned, Map<SequenceKey, SequenceState> initial) {
    Map<SequenceKey, SequenceState> untouched = new HashMap<>(initial);
    Map<Integer, Run> last = new HashMap<>();
    for (List<PlannedRun> runs : plan.bySequence()) {
      PlannedRun run = runs.get(runs.size() - 1);
      untouched.remove(run.run().sequence());
      last.put(run.node().sequence(), run.run());
    }
    Broadcast<Map<Integer, Run>> lastRuns = context.broadcast(last);
    return scanned
        .behind()
        .map(
            state -> {
              Run run = lastRuns.value().get(state._1());
              return new SequenceState(run.sequence(), run.end(), state._2());
            })
        .union(context.parallelize(new ArrayList<>(untouched.values()), 1));
  }

  private boolean sortingCostsLess(RunIndex index, RunTable runs) {
    long split = index.count() - runs.sequences();
    double summaries = 2.0 * split * Summary.sizeInBytes(settings, 0);
    double shuffle = (double) index.tokens() * AttendOptions.tokenBytes(settings);
    return split >= 2L * index.partitions() && summaries > shuffle;
  }

  private void requireAuto(RunIndex index) {
    if (options.order() == AttendOptions.InputOrder.STORED) {
      throw new InputException(
          "HLA_INPUT_UNORDERED",
          String.format(
              "the table has %d runs of consecutive positions in %d partitions, too many to read"
                  + " as stored; use --input-order sort",
              index.count(), index.partitions()));
    }
  }

  private static void checkContinues(RunTable runs, Map<SequenceKey, SequenceState> initial) {
    runs.bySequence()
        .forEach(
            (sequence, ordered) -> {
              SequenceState state = initial.get(sequence);
              long start = ordered.get(0).start();
              if (state != null && state.nextPosition() != start) {
                throw new InputException(
                    "HLA_STATE_POSITION",
                    String.format(
                        "%s starts at position %d, its initial state expects %d",
                        sequence, start, state.nextPosition()));
              }
            });
  }

  private StructType schema(TokenTable table, TokenColumns columns, String outputColumn) {
    StructType schema = new StructType();
    if (table.layout().sequenceType() != null) {
      schema = schema.add(columns.sequence(), table.layout().sequenceType(), false);
    }
    schema =
        schema
            .add(columns.position(), DataTypes.LongType, false)
            .add(
                outputColumn,
                DataTypes.createArrayType(
                    settings.precision().isDouble() ? DataTypes.DoubleType : DataTypes.FloatType,
                    false),
                false);
    for (StructField field : table.keptSchema().fields()) {
      schema = schema.add(field);
    }
    return schema;
  }
}
