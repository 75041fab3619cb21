package io.hla.spark.attend;

import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Kernels;
import io.hla.kernels.State;
import io.hla.kernels.Summarizer;
import io.hla.kernels.Summary;
import io.hla.spark.input.Run;
import io.hla.spark.input.RunReader;
import io.hla.spark.input.TokenBuffer;
import io.hla.spark.input.TokenRow;
import io.hla.spark.scan.Node;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * The first pass: every run that takes part in the scan becomes a summary, one at a time; the last
 * run of a sequence becomes an absent one (no bytes) when nothing behind it is wanted.
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
    TokenBuffer buffer = new TokenBuffer(settings, layout, options.refuseNonFinite());
    RunReader reader = new RunReader(rows, layout, runs.stream().map(PlannedRun::run).toList());
    return runs.stream()
        .filter(PlannedRun::scanned)
        .map(
            planned -> {
              byte[] state = step == 0 ? null : states.apply(planned);
              byte[] summary =
                  planned.summarized()
                      ? metrics.sentSummary(
                          summarize(kernel, buffer, reader, planned.run(), state).toBytes())
                      : new byte[0];
              return new Tuple2<>(planned.node(), summary);
            })
        .iterator();
  }

  private Summary summarize(
      AttentionKernel kernel, TokenBuffer buffer, RunReader reader, Run run, byte[] state) {
    State inFront = state == null ? State.initial(settings) : State.fromBytes(state);
    reader.goTo(run);
    try (Summarizer summarizer = kernel.summarizer(step, inFront)) {
      buffer.startAt(run.sequence(), run.start());
      for (long i = 0; i < run.length(); i++) {
        buffer.read(reader.next(run, i));
        if (buffer.size() == buffer.capacity()) {
          buffer.addTo(summarizer);
          buffer.startAt(run.sequence(), run.start() + i + 1);
        }
      }
      buffer.addTo(summarizer);
      metrics.summarizedTokens().add(run.length());
      return summarizer.summary();
    }
  }
}
