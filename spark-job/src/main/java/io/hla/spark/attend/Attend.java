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
import io.hla.spark.scan.RunTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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
   * @param runs the runs of the table in stream order
   */
  public record Result(Dataset<Row> outputs, List<SequenceState> states, RunTable runs) {}

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
    RunIndex index = report.phase("index", "reading positions", table::index);
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
      index = report.phase("sort", "sorting tokens by sequence and position", table::index);
      runs = RunTable.of(index.runs());
    }
    checkContinues(runs, initial);
    report.runs(index.tokens(), runs.sequences(), runs.runs(), index.partitions(), sort);
    RunPlan plan = new RunPlan(index.partitions(), index.runs(), runs, withFinal);
    return pass(table, runs, plan, schema(table, columns, outputColumn), initial, withFinal);
  }

  private Result pass(
      TokenTable table,
      RunTable order,
      RunPlan plan,
      StructType schema,
      Map<SequenceKey, SequenceState> initial,
      boolean withFinal) {
    Broadcast<List<List<PlannedRun>>> runs = context.broadcast(new ArrayList<>(plan.byPartition()));
    SequenceScan scan = new SequenceScan(plan, options.fanIn());
    Function<PlannedRun, State> first =
        run -> {
          SequenceState state = initial.get(run.run().sequence());
          return state == null ? State.zero(settings) : state.state();
        };
    List<SequenceScan.Result> steps = new ArrayList<>();
    RunStates inFront = states(Map.of());
    for (int step = 0; step < Summary.steps(settings); step++) {
      SummaryPass pass = new SummaryPass(table.layout(), settings, options, step, runs, inFront);
      String phase = step == 0 ? "summarize" : "summarize again";
      Map<Integer, byte[]> summaries =
          plan.summarized() == 0
              ? Map.of()
              : report.phase(
                  phase,
                  "turning " + plan.summarized() + " runs into summaries",
                  () -> pass.summaries(table.rows()).collectAsMap());
      steps.add(
          report.phase(
              "scan",
              "finding the state in front of every run",
              () -> scan.scan(first, summaries)));
      inFront = states(join(steps, SequenceScan.Result::inFront));
    }
    OutputPass output =
        new OutputPass(
            table.layout(), settings, options, runs, inFront, report.kernels(context.sc()));
    JavaRDD<InternalRow> rows = output.outputs(table.rows());
    Dataset<Row> outputs =
        ((org.apache.spark.sql.classic.SparkSession) spark)
            .internalCreateDataFrame(rows.rdd(), schema, false);
    return new Result(outputs, withFinal ? finalStates(plan, steps, initial) : List.of(), order);
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

  private RunStates states(Map<Integer, State> states) {
    Map<Integer, byte[]> bytes = new HashMap<>();
    states.forEach(
        (run, state) -> {
          if (state.tokens() > 0) {
            bytes.put(run, state.toBytes());
          }
        });
    return new RunStates(context.broadcast(bytes));
  }

  private static Map<Integer, State> join(
      List<SequenceScan.Result> steps, Function<SequenceScan.Result, Map<Integer, State>> states) {
    Map<Integer, State> joined = new HashMap<>();
    for (Integer run : states.apply(steps.get(0)).keySet()) {
      joined.put(
          run, State.ofSteps(steps.stream().map(step -> states.apply(step).get(run)).toList()));
    }
    return joined;
  }

  private static List<SequenceState> finalStates(
      RunPlan plan, List<SequenceScan.Result> steps, Map<SequenceKey, SequenceState> initial) {
    Map<Integer, State> behind = join(steps, SequenceScan.Result::behind);
    Map<SequenceKey, SequenceState> all = new HashMap<>(initial);
    plan.bySequence()
        .forEach(
            (sequence, runs) -> {
              PlannedRun last = runs.get(runs.size() - 1);
              Run run = last.run();
              all.put(sequence, new SequenceState(sequence, run.end(), behind.get(last.id())));
            });
    return all.values().stream()
        .sorted(java.util.Comparator.comparing(SequenceState::sequence))
        .toList();
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
