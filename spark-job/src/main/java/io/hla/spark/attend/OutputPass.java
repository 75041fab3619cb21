package io.hla.spark.attend;

import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Kernels;
import io.hla.kernels.State;
import io.hla.spark.input.RunReader;
import io.hla.spark.input.TokenBuffer;
import io.hla.spark.input.TokenRow;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The last pass: every run, from the state in front of it, becomes output rows (seq if there is
 * one, pos, o, kept columns), those of a sequence in stored order.
 */
record OutputPass(
    TokenRow layout,
    AttentionSettings settings,
    AttendOptions options,
    Broadcast<? extends List<List<PlannedRun>>> plan,
    JobMetrics metrics)
    implements RunStates.Task<InternalRow> {

  @Override
  public Iterator<InternalRow> run(
      int partition, Iterator<InternalRow> rows, Function<PlannedRun, byte[]> states) {
    AttentionKernel kernel = Kernels.choose(options.kernels(), options.instructionSet());
    metrics.kernels().add(kernel.name() + " " + kernel.instructionSet());
    List<PlannedRun> runs = plan.value().get(partition);
    OpenRuns<Applier> open =
        new OpenRuns<>(
            settings,
            runs,
            new RunReader(partition, rows, layout, RunPlan.stored(runs)),
            run -> true,
            run -> {
              byte[] state = states.apply(run);
              return kernel.applier(
                  state == null ? State.initial(settings) : State.fromBytes(state));
            },
            capacity ->
                new TokenBuffer(settings, layout, options.refuseNonFinite(), true, capacity));
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> open.close());
    return new OutputRows(open, layout, metrics.attendedTokens());
  }
}
