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
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/** The first pass: every run that something behind it depends on becomes a summary. */
final class SummaryPass implements Serializable {
  private static final long serialVersionUID = 1L;

  private final TokenRow layout;
  private final AttentionSettings settings;
  private final AttendOptions options;
  private final int step;
  private final Broadcast<List<List<PlannedRun>>> plan;
  private final RunStates inFront;

  /** {@code inFront} holds the states in front of the runs as far as earlier steps know them. */
  SummaryPass(
      TokenRow layout,
      AttentionSettings settings,
      AttendOptions options,
      int step,
      Broadcast<List<List<PlannedRun>>> plan,
      RunStates inFront) {
    this.layout = layout;
    this.settings = settings;
    this.options = options;
    this.step = step;
    this.plan = plan;
    this.inFront = inFront;
  }

  /** Summaries, as bytes, by the id of their run. */
  JavaPairRDD<Integer, byte[]> summaries(JavaRDD<InternalRow> rows) {
    return rows.mapPartitionsWithIndex(this::partition, true).mapToPair(pair -> pair);
  }

  private Iterator<Tuple2<Integer, byte[]>> partition(int partition, Iterator<InternalRow> rows) {
    List<PlannedRun> runs = plan.value().get(partition);
    int last = runs.size() - 1;
    while (last >= 0 && !runs.get(last).summarized()) {
      last--;
    }
    List<Tuple2<Integer, byte[]>> summaries = new ArrayList<>();
    if (last < 0) {
      return summaries.iterator();
    }
    AttentionKernel kernel = Kernels.choose(options.kernels(), options.instructionSet());
    TokenBuffer buffer = new TokenBuffer(settings, layout, options.refuseNonFinite());
    RunReader reader = new RunReader(rows, layout);
    for (PlannedRun planned : runs.subList(0, last + 1)) {
      if (planned.summarized()) {
        Summary summary = summarize(kernel, buffer, reader, planned);
        summaries.add(new Tuple2<>(planned.id(), summary.toBytes()));
      } else {
        reader.skip(planned.run());
      }
    }
    return summaries.iterator();
  }

  private Summary summarize(
      AttentionKernel kernel, TokenBuffer buffer, RunReader reader, PlannedRun planned) {
    Run run = planned.run();
    State state = inFront.of(planned.id(), settings);
    try (Summarizer summarizer = kernel.summarizer(step, state)) {
      buffer.startAt(run.sequence(), run.start());
      for (long i = 0; i < run.length(); i++) {
        buffer.read(reader.next(run, i));
        if (buffer.size() == buffer.capacity()) {
          buffer.addTo(summarizer);
          buffer.startAt(run.sequence(), run.start() + i + 1);
        }
      }
      buffer.addTo(summarizer);
      return summarizer.summary();
    }
  }
}
