package io.hla.spark.attend;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.OperatorCost;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.spark.ComputeSettings;
import io.hla.spark.Figure;
import io.hla.spark.runs.RunIndex;
import io.hla.spark.runs.StreamFigures;
import io.hla.spark.scan.ScanCost;
import io.hla.spark.scan.TreeShape;
import io.hla.spark.table.TokenBuffer;
import io.hla.spark.table.TokenRow;
import org.apache.spark.SparkConf;

/** What a plan costs, all of which is known before a summary is computed. */
final class PlanFigures {
  /** Bytes of a run that the driver lists. */
  private static final long LISTED_RUN_BYTES = 64;

  private final AttentionSettings settings;
  private final ComputeSettings compute;
  private final JobFigures figures;

  PlanFigures(AttentionSettings settings, ComputeSettings compute, JobFigures figures) {
    this.settings = settings;
    this.compute = compute;
    this.figures = figures;
  }

  /** Whether the driver itself scans the summaries. */
  boolean isScannedOnDriver(StreamFigures found) {
    return found.scanned() <= compute.driverRuns() && bytesOnDriver(found) <= compute.driverBytes();
  }

  private double bytesOnDriver(StreamFigures found) {
    double each = State.bytesInMemory(settings);
    for (int step = 0; step < Summary.steps(settings); step++) {
      each += Summary.bytesInMemory(settings, step);
    }
    return (found.scanned() + found.continued()) * each;
  }

  /** Says what there is to compute. */
  void tellInput(StreamFigures found, boolean continues) {
    figures.put(Figure.TOKENS, found.tokens());
    figures.put(Figure.SEQUENCES, found.sequences());
    if (continues) {
      figures.put(Figure.CONTINUED_SEQUENCES, found.continued());
      figures.put(Figure.NEW_SEQUENCES, found.sequences() - found.continued());
      figures.put(Figure.UNTOUCHED_STATES, found.untouched());
    }
    figures.put(Figure.RUNS, found.runs());
  }

  /** Says what the scan moves and computes, in all of its steps. */
  void tellScan(StreamFigures found) {
    boolean onDriver = isScannedOnDriver(found);
    int steps = Summary.steps(settings);
    long summaryBytes = 0;
    for (int i = 0; i < steps; i++) {
      summaryBytes += Summary.identity(settings, i).toBytes().length;
    }
    ScanCost cost = onDriver ? found.onDriver() : found.onExecutors();
    int longest = Math.toIntExact(found.longest());
    figures.put(Figure.SCANNED_ON, onDriver ? "driver" : "executors");
    figures.put(Figure.SCAN_STEPS, steps);
    OperatorCost.of(settings)
        .whySteps()
        .ifPresent(reason -> figures.put(Figure.SCAN_STEPS_BECAUSE, reason));
    figures.put(Figure.FAN_IN, compute.fanIn());
    figures.put(
        Figure.SCAN_LEVELS,
        found.scanned() == 0 ? 0 : TreeShape.of(longest, compute.fanIn()).levels());
    figures.put(Figure.COMBINES, steps * cost.combines());
    figures.put(Figure.ADVANCES, steps * cost.advances());
    figures.put(Figure.SUMMARY_BYTES_MOVED, cost.summaries() * summaryBytes);
    figures.put(
        Figure.STATE_BYTES_MOVED, steps * cost.states() * State.initial(settings).toBytes().length);
    figures.put(
        Figure.DRIVER_BYTES,
        LISTED_RUN_BYTES * Math.min(found.runs(), compute.driverRuns())
            + (onDriver ? (long) bytesOnDriver(found) : 0));
  }

  /**
   * Says what is known of tokens that are to be sorted, from an index of the rows as they are.
   *
   * @param chunk positions of a sequence between two cuts of sorted tokens
   */
  void tellSorted(RunIndex index, long chunk) {
    figures.put(Figure.TOKENS, index.tokens());
    figures.put(Figure.PARTITIONS, index.partitions());
    figures.put(Figure.INPUT_ORDER, "sorted");
    figures.put(Figure.RUNS_IF_STORED, index.count());
    figures.put(Figure.LEAST_RUNS, (index.tokens() + chunk - 1) / chunk);
  }

  /** Says what memory outside the heap an executor needs, and warns if its container has less. */
  void tellMemory(SparkConf conf, String master, TokenRow layout) {
    long buffer = TokenBuffer.fullBytes(settings, layout);
    long task = buffer + compute.openBytes();
    ExecutorMemory memory = ExecutorMemory.of(conf, master);
    figures.put(Figure.TASK_BUFFER_BYTES, buffer);
    figures.put(Figure.TASK_NATIVE_BYTES, task);
    figures.put(Figure.EXECUTOR_NATIVE_BYTES, task * memory.tasks());
    memory.problem(task).ifPresent(figures::warn);
  }
}
