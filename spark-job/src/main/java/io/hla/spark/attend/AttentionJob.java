package io.hla.spark.attend;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.OperatorCost;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.kernels.KernelId;
import io.hla.spark.ComputeSettings;
import io.hla.spark.InputOrder;
import io.hla.spark.JobObserver;
import io.hla.spark.passes.JobMetrics;
import io.hla.spark.passes.OutputPass;
import io.hla.spark.passes.SummaryPass;
import io.hla.spark.runs.DriverPlan;
import io.hla.spark.runs.ExecutorPlan;
import io.hla.spark.runs.IndexTask;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.runs.RunIndex;
import io.hla.spark.runs.RunPlan;
import io.hla.spark.runs.StreamFigures;
import io.hla.spark.scan.ByteAction;
import io.hla.spark.scan.Node;
import io.hla.spark.scan.ScanCost;
import io.hla.spark.scan.TreeShape;
import io.hla.spark.state.InitialStates;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.Overflow;
import io.hla.spark.table.TokenBuffer;
import io.hla.spark.table.TokenRow;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import scala.Tuple2;

/**
 * One job, step by step: index the runs, order them, summarize them, scan the summaries. What is
 * left is the output pass, which runs when its rows are read.
 */
public final class AttentionJob {
  private static final long PREFIX_BYTES_PER_TASK = 64L << 20;

  private final JavaSparkContext context;
  private final AttentionSettings template;
  private final HeadSizes givenSizes;
  private final ComputeSettings compute;
  private final TokenRow layout;
  private final boolean withFinal;
  private final JobMetrics metrics;
  private final JobObserver observer;
  private final JobParts parts;
  private final Phases phases;
  private final Map<String, Object> figures = new LinkedHashMap<>();

  /**
   * @param template settings for heads of any size
   * @param givenSizes the sizes of the heads, or null when the first row is to tell them
   * @param withFinal whether the states behind the sequences are wanted
   * @param parts what the job is put together from
   */
  public AttentionJob(
      JavaSparkContext context,
      AttentionSettings template,
      HeadSizes givenSizes,
      ComputeSettings compute,
      TokenRow layout,
      boolean withFinal,
      JobMetrics metrics,
      JobObserver observer,
      JobParts parts) {
    this.context = context;
    this.template = template;
    this.givenSizes = givenSizes;
    this.compute = compute;
    this.layout = layout;
    this.withFinal = withFinal;
    this.metrics = metrics;
    this.observer = observer;
    this.parts = parts;
    this.phases = new Phases(context.sc(), observer);
  }

  /** Tokens as they are read by all passes behind the index. */
  private record Indexed(
      JavaRDD<InternalRow> rows, RunIndex index, OccupiedPartitions occupied, boolean sorted) {}

  /**
   * Runs every pass but the last.
   *
   * @param states initial states, or null for none
   * @throws io.hla.spark.InputException if the tokens or the states are refused
   */
  public Prepared prepare(TokenSource source, JavaRDD<InternalRow> states) {
    Indexed indexed = indexed(source);
    RunIndex index = indexed.index();
    KernelId kernel = kernel(index);
    AttentionSettings settings = settings(index, states);
    RunPlan plan = plan(index, states, settings);
    StreamFigures found = plan.figures();
    figure("tokens", found.tokens());
    figure("sequences", found.sequences());
    figure("runs", found.runs());
    figure("partitions", index.partitions());
    figure("inputOrder", indexed.sorted() ? "sorted" : "stored");
    if (states != null) {
      figure("continuedSequences", found.continued());
    }
    OccupiedPartitions occupied = indexed.occupied();
    StateScan.Scanned scanned = scan(indexed.rows(), occupied, plan, settings, kernel);
    figure("kernels", kernel.toString());
    figure("taskBufferBytes", TokenBuffer.fullBytes(settings, layout));
    OutputPass pass = new OutputPass(layout, settings, kernel, compute.refuseNonFinite(), metrics);
    JavaRDD<PlannedRun> runs = parts.handedOut(plan.withStates(scanned.inFront()));
    return new Prepared(
        settings,
        indexed.rows(),
        plan,
        occupied,
        runs,
        summaryPass(settings, kernel, 0),
        pass,
        parts.outputs(pass),
        checked(withFinal ? scanned.behind().union(plan.untouched()) : scanned.behind()),
        checked(prefixes(runs, found, settings)),
        Map.copyOf(figures));
  }

  private void figure(String name, Object value) {
    figures.put(name, value);
    observer.figure(name, value);
  }

  // --- Index ---

  private Indexed indexed(TokenSource source) {
    String instability = source.instability();
    boolean sort = compute.order() == InputOrder.SORT;
    if (instability != null) {
      figure("materialized", instability);
      // Kept rows have to be moved anyway, and sorted ones do not depend on how they were.
      sort |= compute.order() == InputOrder.AUTO;
    }
    if (!sort) {
      JavaRDD<InternalRow> rows = instability == null ? source.rows() : source.materialized();
      JavaRDD<InternalRow> positions = instability == null ? source.positions() : null;
      RunIndex index = index("index", "reading positions", rows, positions, compute);
      if (compute.order() == InputOrder.AUTO && index.tokens() > 0) {
        sort = index.sortingCostsLess(sized(sizes(index)), layout);
      }
      if (!sort && !index.isListed()) {
        index.forget();
        ComputeSettings listing = compute.withOrder(InputOrder.STORED);
        index = index("index", "reading positions again", rows, positions, listing);
      }
      if (!sort) {
        return new Indexed(rows, index, occupied(source, index), false);
      }
      index.forget();
      figure("sortedBecause", "so many runs cost more to scan than to sort");
    }
    long chunk = compute.cutEvery() > 0 ? compute.cutEvery() : SortedTokens.CHUNK;
    JavaRDD<InternalRow> rows = source.sorted(chunk);
    ComputeSettings chunked = compute.withOrder(InputOrder.SORT).withCutEvery(chunk);
    String doing = "sorting tokens by sequence and position";
    RunIndex index = index("sort", doing, rows, null, chunked);
    return new Indexed(rows, index, OccupiedPartitions.all(index.partitions()), true);
  }

  /** What is no file is read again where it had no rows: it must have none this time, too. */
  private static OccupiedPartitions occupied(TokenSource source, RunIndex index) {
    return source.isOfFiles() && source.instability() == null
        ? new OccupiedPartitions(index.occupied())
        : OccupiedPartitions.all(index.partitions());
  }

  private RunIndex index(
      String phase,
      String doing,
      JavaRDD<InternalRow> rows,
      JavaRDD<InternalRow> positions,
      ComputeSettings how) {
    IndexTask task = new IndexTask(layout, template, givenSizes, how, metrics.positions());
    JavaRDD<byte[]> pass =
        positions == null
            ? rows.mapPartitionsWithIndex(task::runWide, true)
            : PartitionWork.numbered(positions)
                .zipPartitions(
                    rows,
                    (one, first) -> {
                      Tuple2<Integer, Iterator<InternalRow>> part = one.next();
                      return task.run(part._1(), part._2(), first);
                    });
    return phases.run(phase, doing, () -> RunIndex.of(pass, compute.driverRuns()));
  }

  private HeadSizes sizes(RunIndex index) {
    return givenSizes != null
        ? givenSizes
        : index.sizes(layout, template.numHeads(), template.numKvHeads());
  }

  private AttentionSettings sized(HeadSizes sizes) {
    return template.withSizes(sizes.headDim(), sizes.valueDim());
  }

  /** A table without tokens takes its head sizes from the states. */
  private AttentionSettings settings(RunIndex index, JavaRDD<InternalRow> states) {
    HeadSizes sizes = sizes(index);
    if (sizes == null && states != null) {
      InitialStates read = new InitialStates(layout.sequenceType());
      List<int[]> known =
          states
              .map(read::settings)
              .filter(Objects::nonNull)
              .map(found -> new int[] {found.headDim(), found.valueDim()})
              .take(1);
      if (!known.isEmpty()) {
        return template.withSizes(known.get(0)[0], known.get(0)[1]);
      }
    }
    return sized(sizes == null ? HeadSizes.EMPTY : sizes);
  }

  /** One set of kernels for all passes and all retries: the least that any executor has. */
  private KernelId kernel(RunIndex index) {
    KernelId kernel = index.kernel() == null ? KernelId.JAVA : index.kernel();
    if (index.kernels().size() > 1) {
      String reason = "the least that all executors run: they have " + index.kernels();
      figure("kernelsReason", reason);
      observer.warning("Computing with " + kernel + " kernels, " + reason);
    }
    return kernel;
  }

  // --- Order ---

  private RunPlan plan(RunIndex index, JavaRDD<InternalRow> states, AttentionSettings settings) {
    if (states == null && index.isOnDriver()) {
      return new DriverPlan(context, index, layout.sequenceType(), compute.fanIn(), withFinal);
    }
    InitialStates read = new InitialStates(layout.sequenceType());
    JavaRDD<byte[]> packed =
        states == null ? null : states.map(row -> read.read(row, settings).pack());
    return phases.run(
        "order",
        String.format(Locale.ROOT, "ordering %d runs", index.count()),
        () ->
            new ExecutorPlan(
                context, index, layout.sequenceType(), packed, compute.fanIn(), withFinal));
  }

  // --- Summaries and scan ---

  private StateScan.Scanned scan(
      JavaRDD<InternalRow> rows,
      OccupiedPartitions occupied,
      RunPlan plan,
      AttentionSettings settings,
      KernelId kernel) {
    StreamFigures found = plan.figures();
    ByteAction<State, Summary> action = parts.action(new StateAction(settings, metrics));
    StateScan scan = new StateScan(context, plan, action, compute.fanIn(), withFinal, phases);
    int steps = Summary.steps(settings);
    boolean onDriver = isScannedOnDriver(found, settings);
    describe(found, settings, onDriver);
    if (found.scanned() == 0) {
      return scan.none();
    }
    StateScan.Scanned scanned = null;
    for (int step = 0; step < steps; step++) {
      PartitionWork<Tuple2<Node, byte[]>> pass =
          parts.summaries(summaryPass(settings, kernel, step));
      JavaRDD<PlannedRun> runs =
          step == 0 ? plan.withInitial() : plan.withStates(scanned.inFront());
      JavaPairRDD<Node, byte[]> items =
          occupied.of(PartitionWork.zip(rows, runs, pass)).mapToPair(item -> item);
      StateScan.Scanned next =
          onDriver
              ? scan.onDriver(items)
              : scan.onExecutors(items, Summary.sizeInBytes(settings, step));
      scanned = scanned == null ? next : scanned.join(step, next);
    }
    return scanned;
  }

  private SummaryPass summaryPass(AttentionSettings settings, KernelId kernel, int step) {
    return new SummaryPass(layout, settings, kernel, compute.refuseNonFinite(), step, metrics);
  }

  private boolean isScannedOnDriver(StreamFigures found, AttentionSettings settings) {
    double each = State.bytesInMemory(settings);
    for (int step = 0; step < Summary.steps(settings); step++) {
      each += Summary.bytesInMemory(settings, step);
    }
    return found.scanned() <= compute.driverRuns()
        && (found.scanned() + found.continued()) * each <= compute.driverBytes();
  }

  /** Says what the scan moves and computes, in all of its steps. */
  private void describe(StreamFigures found, AttentionSettings settings, boolean onDriver) {
    int steps = Summary.steps(settings);
    long summaryBytes = 0;
    for (int i = 0; i < steps; i++) {
      summaryBytes += Summary.identity(settings, i).toBytes().length;
    }
    ScanCost cost = onDriver ? found.onDriver() : found.onExecutors();
    int longest = Math.toIntExact(found.longest());
    figure("scannedOn", onDriver ? "driver" : "executors");
    figure("scanSteps", steps);
    OperatorCost.of(settings).whySteps().ifPresent(reason -> figure("scanStepsFor", reason));
    figure("fanIn", compute.fanIn());
    figure(
        "scanLevels", found.scanned() == 0 ? 0 : TreeShape.of(longest, compute.fanIn()).levels());
    figure("combines", steps * cost.combines());
    figure("advances", steps * cost.advances());
    figure("summaryBytesMoved", cost.summaries() * summaryBytes);
    figure("stateBytesMoved", steps * cost.states() * State.initial(settings).toBytes().length);
  }

  // --- Outputs and states ---

  /** Refuses states whose sums passed the largest number. */
  private JavaRDD<byte[]> checked(JavaRDD<byte[]> states) {
    DataType type = layout.sequenceType();
    return compute.refuseNonFinite()
        ? states.map(
            packed -> {
              SequenceState state = SequenceState.unpack(packed);
              if (state.state() != null) {
                State numbers = State.fromBytes(state.state());
                Overflow.checked(numbers, state.sequence(), type, state.nextPosition());
              }
              return packed;
            })
        : states;
  }

  /** The states in front of all runs, in as many partitions as their bytes ask for. */
  private JavaRDD<byte[]> prefixes(
      JavaRDD<PlannedRun> runs, StreamFigures found, AttentionSettings settings) {
    long bytes = found.scanned() * State.initial(settings).sizeInBytes() + 64 * found.runs();
    long tasks = 1 + bytes / PREFIX_BYTES_PER_TASK;
    return runs.map(
            run -> new SequenceState(run.run().sequence(), run.run().start(), run.state()).pack())
        .coalesce((int) Math.max(1, Math.min(tasks, runs.getNumPartitions())));
  }
}
