package io.hla.spark.attend;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.kernels.KernelId;
import io.hla.spark.ComputeSettings;
import io.hla.spark.Figure;
import io.hla.spark.InputException;
import io.hla.spark.JobObserver;
import io.hla.spark.passes.JobMetrics;
import io.hla.spark.passes.OutputPass;
import io.hla.spark.passes.SummaryPass;
import io.hla.spark.runs.DriverPlan;
import io.hla.spark.runs.ExecutorPlan;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.runs.RunIndex;
import io.hla.spark.runs.RunPlan;
import io.hla.spark.runs.StreamFigures;
import io.hla.spark.scan.ByteAction;
import io.hla.spark.scan.Node;
import io.hla.spark.scan.TreeItem;
import io.hla.spark.state.InitialStates;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.Overflow;
import io.hla.spark.table.TokenRow;
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
  private final ComputeSettings compute;
  private final TokenRow layout;
  private final boolean withFinal;
  private final JobMetrics metrics;
  private final JobParts parts;
  private final Phases phases;
  private final JobFigures figures;
  private final TokenIndexer indexer;

  /**
   * @param template settings for heads of any size
   * @param givenSizes the sizes of the heads, or null when the first row is to tell them
   * @param withFinal whether the states behind the sequences are wanted
   * @param phases in which it runs
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
      Phases phases,
      JobParts parts) {
    this.context = context;
    this.template = template;
    this.compute = compute;
    this.layout = layout;
    this.withFinal = withFinal;
    this.metrics = metrics;
    this.parts = parts;
    this.phases = phases;
    this.figures = new JobFigures(observer);
    this.indexer =
        new TokenIndexer(template, givenSizes, compute, layout, metrics, phases, figures);
  }

  /**
   * Finds the runs.
   *
   * @throws io.hla.spark.InputException if the tokens are refused
   */
  public IndexedTokens index(TokenSource source) {
    return indexer.index(source);
  }

  /**
   * Runs every pass but the last.
   *
   * @param states initial states, or null for none
   * @throws io.hla.spark.InputException if the tokens or the states are refused
   */
  public Prepared prepare(TokenSource source, JavaRDD<InternalRow> states) {
    return prepare(index(source), null, states);
  }

  /**
   * Runs every pass between the index and the last.
   *
   * @param ordered a plan of these runs without initial states, or null to make one
   * @param states initial states, or null for none
   * @throws io.hla.spark.InputException if the tokens or the states are refused
   */
  public Prepared prepare(IndexedTokens indexed, RunPlan ordered, JavaRDD<InternalRow> states) {
    RunIndex index = indexed.index();
    KernelId kernel = kernel(index);
    AttentionSettings settings = settings(index, states);
    PlanFigures cost = new PlanFigures(settings, compute, figures);
    RunPlan plan = ordered == null ? ordered(index, states, settings) : ordered;
    tell(plan, indexed, states, cost);
    figures.put(Figure.KERNELS, kernel.toString());
    cost.tellMemory(context.getConf(), context.master(), layout);
    StreamFigures found = plan.figures();
    OccupiedPartitions occupied = indexed.occupied();
    StateScan.Scanned scanned =
        scan(indexed.rows(), occupied, plan, settings, kernel, cost.isScannedOnDriver(found));
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
        figures.all());
  }

  /**
   * Looks at positions alone: what there is to do and what it will cost. Nothing is sorted or kept.
   *
   * @throws io.hla.spark.InputException if the positions or the states are refused
   */
  public Map<Figure, Object> estimate(TokenSource source, JavaRDD<InternalRow> states) {
    IndexedTokens looked = indexer.look(source);
    RunIndex index = looked.index();
    KernelId kernel = kernel(index);
    AttentionSettings settings = settings(index, states);
    PlanFigures cost = new PlanFigures(settings, compute, figures);
    if (looked.sorted()) {
      cost.tellSorted(index, indexer.chunk());
    } else {
      tell(ordered(index, states, settings), looked, states, cost);
    }
    figures.put(Figure.KERNELS, kernel.toString());
    figures.put(Figure.VECTOR_BYTES, index.tokens() * layout.tokenBytes(settings));
    figures.put(Figure.OUTPUT_BYTES, index.tokens() * layout.outputBytes(settings));
    cost.tellMemory(context.getConf(), context.master(), layout);
    index.forget();
    return figures.all();
  }

  /**
   * The summaries of the first scan step of all runs, computed when they are read: items whose tail
   * is the end of the run.
   *
   * @throws io.hla.spark.InputException if the positions are refused
   */
  public JavaRDD<TreeItem> summaries(TokenSource source) {
    IndexedTokens indexed = indexer.index(source);
    RunIndex index = indexed.index();
    KernelId kernel = kernel(index);
    AttentionSettings settings = settings(index, null);
    RunPlan plan = ordered(index, null, settings);
    tell(plan, indexed, null, new PlanFigures(settings, compute, figures));
    JavaRDD<PlannedRun> runs = plan.planned().map(PlannedRun::summarizedAlone);
    SummaryPass pass = summaryPass(settings, kernel, 0);
    return indexed
        .occupied()
        .of(PartitionWork.zip(indexed.rows(), runs, pass::run))
        .map(item -> TreeItem.unpack(item._2()));
  }

  /** A table without tokens takes its head sizes from the states. */
  private AttentionSettings settings(RunIndex index, JavaRDD<InternalRow> states) {
    HeadSizes sizes = indexer.sizes(index);
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
    return indexer.sized(sizes == null ? HeadSizes.EMPTY : sizes);
  }

  /** One set of kernels for all passes and all retries: the least that any executor has. */
  private KernelId kernel(RunIndex index) {
    KernelId kernel = index.kernel() == null ? KernelId.JAVA : index.kernel();
    if (index.kernels().size() > 1) {
      String reason = "the least that all executors run: they have " + index.kernels();
      figures.put(Figure.KERNELS_BECAUSE, reason);
      figures.warn("Computing with " + kernel + " kernels, " + reason);
    }
    return kernel;
  }

  // --- Order ---

  private void tell(
      RunPlan plan, IndexedTokens indexed, JavaRDD<InternalRow> states, PlanFigures cost) {
    cost.tellInput(plan.figures(), states != null);
    figures.put(Figure.PARTITIONS, indexed.index().partitions());
    figures.put(Figure.INPUT_ORDER, indexed.sorted() ? "sorted" : "stored");
    cost.tellScan(plan.figures());
    if (compute.requireStates() && plan.figures().firstNew() != null) {
      throw new InputException(
          "HLA_STATE_REQUIRED",
          String.format(
              Locale.ROOT,
              "%,d of %,d sequences have no initial state, the first of them is %s; expected one of"
                  + " each",
              plan.figures().sequences() - plan.figures().continued(),
              plan.figures().sequences(),
              plan.figures().firstNew().text(layout.sequenceType())));
    }
  }

  private RunPlan ordered(RunIndex index, JavaRDD<InternalRow> states, AttentionSettings settings) {
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
      KernelId kernel,
      boolean onDriver) {
    ByteAction<State, Summary> action = parts.action(new StateAction(settings, metrics));
    StateScan scan = new StateScan(context, plan, action, compute.fanIn(), withFinal, phases);
    int steps = Summary.steps(settings);
    if (plan.figures().scanned() == 0) {
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
