package io.hla.spark.attend;

import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Kernels;
import io.hla.kernels.State;
import io.hla.kernels.Summarizer;
import io.hla.spark.input.RunReader;
import io.hla.spark.input.TokenBuffer;
import io.hla.spark.input.TokenRow;
import io.hla.spark.scan.Node;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * The first pass: every run that takes part in the scan becomes a summary; the last run of a
 * sequence becomes an absent one (no bytes) when nothing behind it is wanted.
 */
record SummaryPass(
    TokenRow layout,
    AttentionSettings settings,
    AttendOptions options,
    int step,
    Broadcast<? extends List<List<PlannedRun>>> plan,
    JobMetrics metrics)
    implements RunStates.Task<Tuple2<Node, byte[]>> {

  /** Summaries, as bytes, by run. Step 0 does not look at the states. */
  JavaPairRDD<Node, byte[]> summaries(JavaRDD<InternalRow> rows, RunStates inFront) {
    return inFront.map(rows, this).mapToPair(pair -> pair);
  }

  @Override
  public Iterator<Tuple2<Node, byte[]>> run(
      int partition, Iterator<InternalRow> rows, Function<PlannedRun, byte[]> states) {
    List<PlannedRun> runs = plan.value().get(partition);
    if (runs.stream().noneMatch(PlannedRun::scanned)) {
      return List.<Tuple2<Node, byte[]>>of().iterator();
    }
    AttentionKernel kernel = Kernels.choose(options.kernels(), options.instructionSet());
    metrics.kernels().add(kernel.name() + " " + kernel.instructionSet());
    OpenRuns<Summarizer> open =
        new OpenRuns<>(
            settings,
            runs,
            new RunReader(partition, rows, layout, RunPlan.stored(runs)),
            PlannedRun::summarized,
            run -> {
              byte[] state = step == 0 ? null : states.apply(run);
              return kernel.summarizer(
                  step, state == null ? State.initial(settings) : State.fromBytes(state));
            },
            capacity ->
                new TokenBuffer(settings, layout, options.refuseNonFinite(), false, capacity));
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> open.close());
    Stream<Tuple2<Node, byte[]>> absent =
        runs.stream()
            .filter(run -> run.scanned() && !run.summarized())
            .map(run -> new Tuple2<>(run.node(), new byte[0]));
    // Reading ends with the last summary: nobody needs the rows behind it.
    Stream<Tuple2<Node, byte[]>> summaries =
        Stream.generate(() -> next(open))
            .limit(runs.stream().filter(PlannedRun::summarized).count());
    return Stream.concat(absent, summaries).iterator();
  }

  /** The summary of the run that ends next. */
  private Tuple2<Node, byte[]> next(OpenRuns<Summarizer> open) {
    OpenRun<Summarizer> run = open.next();
    while (run != null) {
      run.tokens().addTo(run.session());
      metrics.summarizedTokens().add(run.tokens().size());
      if (run.hasEnded()) {
        byte[] summary = metrics.sentSummary(run.session().summary().toBytes());
        return new Tuple2<>(run.planned().node(), summary);
      }
      run = open.next();
    }
    throw new IllegalStateException("the partition ended before its runs");
  }
}
