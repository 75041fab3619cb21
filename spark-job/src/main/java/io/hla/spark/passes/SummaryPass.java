package io.hla.spark.passes;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.KernelId;
import io.hla.kernels.Summarizer;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.runs.Run;
import io.hla.spark.runs.RunReader;
import io.hla.spark.scan.Node;
import io.hla.spark.scan.TreeItem;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.Overflow;
import io.hla.spark.table.TokenBuffer;
import io.hla.spark.table.TokenRow;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * The first pass: every run that takes part in the scan becomes an item of its tree; one whose
 * summary nothing needs becomes an item without.
 *
 * @param step which scan step; step 0 does not look at the states
 */
public record SummaryPass(
    TokenRow layout,
    AttentionSettings settings,
    KernelId kernel,
    boolean refuseNonFinite,
    int step,
    JobMetrics metrics)
    implements Serializable {

  /**
   * The items of one partition. The state in front of a sequence goes with the item of its first
   * run.
   *
   * @param runs of the partition, with what they are needed for
   */
  public Iterator<Tuple2<Node, byte[]>> run(
      int partition, Iterator<InternalRow> rows, Iterator<PlannedRun> runs) {
    return new Items(partition, rows, runs);
  }

  private final class Items implements Iterator<Tuple2<Node, byte[]>> {
    private final Planned planned;
    private final OpenRuns<Summarizer> open;

    Items(int partition, Iterator<InternalRow> rows, Iterator<PlannedRun> runs) {
      AttentionKernel chosen = kernel.open();
      planned = new Planned(runs);
      open =
          new OpenRuns<>(
              settings,
              new RunReader(partition, rows, layout, planned),
              PlannedRun::summarized,
              run ->
                  chosen.summarizer(
                      step, step == 0 ? State.initial(settings) : run.inFront(settings)),
              capacity ->
                  new TokenBuffer(chosen, settings, layout, refuseNonFinite, false, capacity),
              metrics.reading());
      TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> open.close());
    }

    @Override
    public boolean hasNext() {
      // Looking ahead may find further runs without a summary.
      return planned.isSummarizedLeft() || !planned.absent.isEmpty();
    }

    /** Reading ends with the last summary: nobody needs the rows behind it. */
    @Override
    public Tuple2<Node, byte[]> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      if (planned.absent.isEmpty()) {
        OpenRun<Summarizer> run = open.next();
        while (run != null) {
          long start = System.nanoTime();
          run.tokens().addTo(run.session());
          metrics.computing().add(System.nanoTime() - start);
          metrics.summarizedTokens().add(run.tokens().size());
          if (run.hasEnded()) {
            planned.summarizedLeft--;
            return item(run.planned(), metrics.sentSummary(summary(run).toBytes()));
          }
          run = open.next();
        }
        throw new IllegalStateException("the partition ended before its runs");
      }
      return item(planned.absent.poll(), new byte[0]);
    }
  }

  private Summary summary(OpenRun<Summarizer> open) {
    Summary summary = open.session().summary();
    Run run = open.planned().run();
    return refuseNonFinite
        ? Overflow.checked(summary, run.sequence(), layout.sequenceType(), run.start(), run.end())
        : summary;
  }

  private static Tuple2<Node, byte[]> item(PlannedRun run, byte[] summary) {
    byte[] tail =
        run.last() ? new SequenceState(run.run().sequence(), run.run().end(), null).pack() : null;
    byte[] first = run.continued() ? run.state() : null;
    return new Tuple2<>(
        new Node(run.sequence(), run.rank()),
        new TreeItem(run.home(), run.last(), first, tail, summary).pack());
  }

  /**
   * The runs of the partition; looks ahead as far as to the next one that is summarized, where none
   * is left of those that were looked at.
   */
  private static final class Planned implements Iterator<PlannedRun> {
    private final Iterator<PlannedRun> runs;
    private final Deque<PlannedRun> ahead = new ArrayDeque<>();

    /** Runs that were looked at and whose summaries are yet to come. */
    int summarizedLeft;

    /** Runs that take part in the scan without a summary, and were passed over. */
    final Deque<PlannedRun> absent = new ArrayDeque<>();

    Planned(Iterator<PlannedRun> runs) {
      this.runs = runs;
    }

    boolean isSummarizedLeft() {
      while (summarizedLeft == 0 && runs.hasNext()) {
        look();
      }
      return summarizedLeft > 0;
    }

    private void look() {
      PlannedRun run = runs.next();
      if (run.isScanned() && !run.summarized()) {
        absent.add(run);
      }
      summarizedLeft += run.summarized() ? 1 : 0;
      ahead.add(run);
    }

    @Override
    public boolean hasNext() {
      return !ahead.isEmpty() || runs.hasNext();
    }

    @Override
    public PlannedRun next() {
      if (ahead.isEmpty()) {
        look();
      }
      return ahead.remove();
    }
  }
}
