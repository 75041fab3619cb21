package io.hla.spark.attend;

import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Kernels;
import io.hla.spark.input.RunReader;
import io.hla.spark.input.TokenBuffer;
import io.hla.spark.input.TokenRow;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.TaskCompletionListener;

/** The last pass: every run, from the state in front of it, becomes output rows in stored order. */
final class OutputPass implements Serializable {
  private static final long serialVersionUID = 1L;

  private final TokenRow layout;
  private final AttentionSettings settings;
  private final AttendOptions options;
  private final Broadcast<List<List<PlannedRun>>> plan;
  private final RunStates inFront;
  private final CollectionAccumulator<String> kernelsUsed;

  OutputPass(
      TokenRow layout,
      AttentionSettings settings,
      AttendOptions options,
      Broadcast<List<List<PlannedRun>>> plan,
      RunStates inFront,
      CollectionAccumulator<String> kernelsUsed) {
    this.layout = layout;
    this.settings = settings;
    this.options = options;
    this.plan = plan;
    this.inFront = inFront;
    this.kernelsUsed = kernelsUsed;
  }

  /** Rows (seq if there is one, pos, o, kept columns). */
  JavaRDD<InternalRow> outputs(JavaRDD<InternalRow> rows) {
    return rows.mapPartitionsWithIndex(this::partition, true);
  }

  private Iterator<InternalRow> partition(int partition, Iterator<InternalRow> rows) {
    AttentionKernel kernel = Kernels.choose(options.kernels(), options.instructionSet());
    kernelsUsed.add(kernel.name() + " " + kernel.instructionSet());
    OutputRows outputs =
        new OutputRows(
            partition,
            plan.value().get(partition),
            new RunReader(rows, layout),
            new TokenBuffer(settings, layout, options.refuseNonFinite()),
            layout,
            run -> kernel.applier(inFront.of(run.id(), settings)));
    TaskContext.get()
        .addTaskCompletionListener((TaskCompletionListener) context -> outputs.close());
    return outputs;
  }
}
