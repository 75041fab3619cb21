package io.hla.spark.passes;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.KernelId;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.runs.RunReader;
import io.hla.spark.table.Overflow;
import io.hla.spark.table.TokenBuffer;
import io.hla.spark.table.TokenRow;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The last pass: every run, from the state in front of it, becomes output rows (seq if there is
 * one, pos, o, kept columns), those of a sequence in stored order.
 */
public record OutputPass(
    TokenRow layout,
    AttentionSettings settings,
    KernelId kernel,
    boolean refuseNonFinite,
    JobMetrics metrics)
    implements Serializable {

  /** The rows of one partition; the row object is used again. */
  public Iterator<InternalRow> run(
      int partition, Iterator<InternalRow> rows, Iterator<PlannedRun> runs) {
    AttentionKernel chosen = kernel.open();
    OpenRuns<Applier> open =
        new OpenRuns<>(
            settings,
            new RunReader(partition, rows, layout, runs),
            run -> true,
            run -> chosen.applier(inFront(run)),
            capacity -> new TokenBuffer(chosen, settings, layout, refuseNonFinite, true, capacity),
            metrics.reading());
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> open.close());
    return new OutputRows(open, layout, metrics);
  }

  private State inFront(PlannedRun run) {
    State state = run.inFront(settings);
    return refuseNonFinite
        ? Overflow.checked(state, run.run().sequence(), layout.sequenceType(), run.run().start())
        : state;
  }
}
