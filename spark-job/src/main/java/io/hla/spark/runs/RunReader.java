package io.hla.spark.runs;

import io.hla.spark.InputException;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenRow;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Reads a partition again along the runs that were planned for it. A row that is not the planned
 * one means that the input changed since it was indexed.
 */
public final class RunReader {
  private final int partition;
  private final Iterator<InternalRow> rows;
  private final TokenRow layout;
  private final Iterator<PlannedRun> runs;
  private final Map<SequenceKey, OpenRun> open = new HashMap<>();

  /** Planned runs that were passed over, as a run of another sequence began in front of them. */
  private final Map<SequenceKey, Deque<PlannedRun>> passed = new HashMap<>();

  private OpenRun current;
  private InternalRow row;

  /** Where the last run began; at the end of the rows their file is no longer known. */
  private String source;

  /** A run with rows to come. */
  private static final class OpenRun {
    final PlannedRun planned;
    final Run run;
    long done;

    OpenRun(PlannedRun planned) {
      this.planned = planned;
      this.run = planned.run();
    }

    boolean isDone() {
      return done == run.length();
    }
  }

  /** {@code runs} are those of the partition, in the order of their first rows. */
  public RunReader(
      int partition, Iterator<InternalRow> rows, TokenRow layout, Iterator<PlannedRun> runs) {
    this.partition = partition;
    this.rows = rows;
    this.layout = layout;
    this.runs = runs;
  }

  /**
   * Reads the next row.
   *
   * @return false at the end of the partition
   * @throws InputException HLA_INPUT_CHANGED if the row is not the planned one
   */
  public boolean next() {
    if (!rows.hasNext()) {
      checkEnd();
      return false;
    }
    row = rows.next();
    if (current == null || current.isDone() || !isOfSequence(current.run.sequence())) {
      current = runOfRow();
    }
    if (row.isNullAt(TokenRow.POSITION)
        || row.getLong(TokenRow.POSITION) != current.run.start() + current.done) {
      throw changed(current, "another row stands there");
    }
    current.done++;
    if (current.isDone()) {
      open.remove(current.run.sequence());
    }
    return true;
  }

  /** The row that was read; valid until the next one. */
  public InternalRow row() {
    return row;
  }

  /** The run that it belongs to. */
  public PlannedRun run() {
    return current.planned;
  }

  /** Whether it is the last of its run. */
  public boolean endsRun() {
    return current.isDone();
  }

  /** The run that the row belongs to, begun by it if it was not open. */
  private OpenRun runOfRow() {
    boolean isNull = layout.sequenceType() != null && row.isNullAt(TokenRow.SEQUENCE);
    OpenRun begunBefore = isNull ? null : open.get(key());
    if (begunBefore != null) {
      return begunBefore;
    }
    source = RowSource.of(partition);
    OpenRun next = new OpenRun(planned(isNull));
    open.put(next.run.sequence(), next);
    return next;
  }

  /**
   * The next planned run of the sequence that the row belongs to. Runs of other sequences may be
   * planned in front of it: rows that a pass has made stand where the pass was done with them.
   */
  private PlannedRun planned(boolean isNull) {
    PlannedRun first = null;
    if (!isNull && !passed.isEmpty()) {
      Deque<PlannedRun> waiting = passed.get(key());
      if (waiting != null) {
        PlannedRun next = waiting.remove();
        if (waiting.isEmpty()) {
          passed.remove(next.run().sequence());
        }
        return next;
      }
    }
    while (runs.hasNext()) {
      PlannedRun next = runs.next();
      if (!isNull && isOfSequence(next.run().sequence())) {
        return next;
      }
      first = first == null ? next : first;
      passed.computeIfAbsent(next.run().sequence(), key -> new ArrayDeque<>()).add(next);
    }
    if (first != null) {
      throw changed(new OpenRun(first), "another row stands there");
    }
    throw new InputException(
        "HLA_INPUT_CHANGED", RowSource.of(partition) + " has more rows than when it was indexed");
  }

  private SequenceKey key() {
    return layout.sequenceType() == null
        ? SequenceKey.ONLY
        : SequenceKey.view(row.get(TokenRow.SEQUENCE, layout.sequenceType()));
  }

  private boolean isOfSequence(SequenceKey key) {
    return layout.sequenceType() == null
        || (!row.isNullAt(TokenRow.SEQUENCE)
            && key.isIn(row, TokenRow.SEQUENCE, layout.sequenceType()));
  }

  private void checkEnd() {
    for (OpenRun run : open.values()) {
      throw changed(run, "its rows end before it");
    }
    for (Deque<PlannedRun> waiting : passed.values()) {
      throw changed(new OpenRun(waiting.remove()), "its rows end before it");
    }
    if (runs.hasNext()) {
      throw changed(new OpenRun(runs.next()), "its rows end before it");
    }
  }

  private InputException changed(OpenRun run, String found) {
    return new InputException(
        "HLA_INPUT_CHANGED",
        String.format(
            Locale.ROOT,
            "the input changed while it was read: position %d of %s was indexed in %s, now %s",
            run.run.start() + run.done,
            run.run.sequence().text(layout.sequenceType()),
            source == null ? RowSource.of(partition) : source,
            found));
  }
}
