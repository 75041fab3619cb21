package io.hla.spark.runs;

import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.IntSupplier;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * Cuts the rows of one partition, (pos) or (pos, seq), into runs and gives these packed, some
 * thousand at a time. Rows of several sequences may be interleaved: a run stays open until its
 * sequence goes on elsewhere. Where more sequences are interleaved than may be open, the run that
 * was idle for longest ends.
 */
final class RunCutter implements Iterator<byte[]> {
  /** Runs of a piece. */
  static final int PIECE = 4096;

  private final int partition;
  private final Iterator<InternalRow> rows;
  private final DataType sequenceType;
  private final long chunk;
  private final IntSupplier mostOpen;
  private final ScatterGauge gauge;

  // Runs from the first that was not given yet; null for those that are open.
  private final ArrayList<Run> runs = new ArrayList<>();
  // The run that was idle for longest comes first; the current one comes last.
  private final Map<SequenceKey, OpenRun> open = new LinkedHashMap<>();
  private OpenRun current;
  private OpenRun inTheWay;
  private long given;
  private long tokens;
  private long count;
  private boolean listing = true;
  private String problem;
  private boolean ended;

  /** A run that the next row of its sequence may continue. */
  private static final class OpenRun {
    final long ordinal;
    final SequenceKey sequence;
    final long start;
    long next;
    boolean closed;

    OpenRun(long ordinal, SequenceKey sequence, long start) {
      this.ordinal = ordinal;
      this.sequence = sequence;
      this.start = start;
      this.next = start;
    }
  }

  /**
   * @param sequenceType type of the sequence column, or null when there is none
   * @param chunk runs also end in front of every multiple of this position; 0 for no such ends
   * @param mostOpen the most runs that are open at one row, at least 1; asked when there are two
   * @param gauge is shown the runs, and may find that listing them is of no use
   */
  RunCutter(
      int partition,
      Iterator<InternalRow> rows,
      DataType sequenceType,
      long chunk,
      IntSupplier mostOpen,
      ScatterGauge gauge) {
    this.partition = partition;
    this.rows = rows;
    this.sequenceType = sequenceType;
    this.chunk = chunk;
    this.mostOpen = mostOpen;
    this.gauge = gauge;
  }

  /** Rows that were read. */
  long tokens() {
    return tokens;
  }

  /** Runs that were begun. */
  long count() {
    return count;
  }

  /** Whether all runs are given; else they are only counted. */
  boolean isListed() {
    return listing;
  }

  /** What is wrong with a row, or null. */
  String problem() {
    return problem;
  }

  @Override
  public boolean hasNext() {
    while (!ended && !hasPiece()) {
      if (problem == null && rows.hasNext()) {
        read(rows.next());
      } else {
        ended = true;
        open.values().forEach(this::close);
        open.clear();
      }
    }
    return problem == null && listing && !runs.isEmpty() && (ended || hasPiece());
  }

  @Override
  public byte[] next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    List<Run> piece = runs.subList(0, Math.min(PIECE, runs.size()));
    byte[] packed = PackedRuns.pack(partition, given, piece);
    given += piece.size();
    piece.clear();
    return packed;
  }

  private boolean hasPiece() {
    return runs.size() >= 2 * PIECE && isClosed(PIECE);
  }

  private boolean isClosed(int length) {
    // Asked at every row while one run is in the way, so that run is looked at first.
    if (inTheWay != null && !inTheWay.closed && inTheWay.ordinal < given + length) {
      return false;
    }
    for (OpenRun run : open.values()) {
      if (run.ordinal < given + length) {
        inTheWay = run;
        return false;
      }
    }
    inTheWay = null;
    return true;
  }

  private void read(InternalRow row) {
    problem = missing(row);
    if (problem != null) {
      return;
    }
    long position = row.getLong(0);
    if (current == null || !isOfSequence(row, current.sequence)) {
      SequenceKey key = key(row);
      OpenRun resumed = open.remove(key);
      current = resumed == null ? begin(SequenceKey.of(key.value()), position) : resumed;
      open.put(current.sequence, current);
    }
    if (position != current.next
        || (chunk > 0 && position != current.start && Math.floorMod(position, chunk) == 0)) {
      close(current);
      current = begin(current.sequence, position);
      open.put(current.sequence, current);
    }
    current.next++;
    tokens++;
  }

  private OpenRun begin(SequenceKey sequence, long position) {
    if (!open.isEmpty() && !open.containsKey(sequence) && open.size() >= mostOpen.getAsInt()) {
      Iterator<OpenRun> idle = open.values().iterator();
      close(idle.next());
      idle.remove();
    }
    gauge.add(sequence, tokens);
    if (listing && gauge.givesUp()) {
      listing = false;
      runs.clear();
    }
    if (listing) {
      runs.add(null);
    }
    return new OpenRun(count++, sequence, position);
  }

  private void close(OpenRun run) {
    run.closed = true;
    if (listing) {
      runs.set(
          (int) (run.ordinal - given),
          new Run(partition, run.sequence, run.start, run.next - run.start));
    }
  }

  /** The key of a row's sequence, valid as long as the row. */
  private SequenceKey key(InternalRow row) {
    return sequenceType == null ? SequenceKey.ONLY : SequenceKey.view(row.get(1, sequenceType));
  }

  private boolean isOfSequence(InternalRow row, SequenceKey key) {
    return sequenceType == null || key.isIn(row, 1, sequenceType);
  }

  private String missing(InternalRow row) {
    boolean noPosition = row.isNullAt(0);
    if (!noPosition && (sequenceType == null || !row.isNullAt(1))) {
      return null;
    }
    String column = noPosition ? "position" : "sequence";
    return current == null
        ? String.format(
            Locale.ROOT, "the first row of %s has a null %s", RowSource.of(partition), column)
        : String.format(
            Locale.ROOT,
            "the row after %s position %d has a null %s%s",
            current.sequence.text(sequenceType),
            current.next - 1,
            column,
            RowSource.inFile());
  }
}
