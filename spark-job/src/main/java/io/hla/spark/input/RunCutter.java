package io.hla.spark.input;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * Cuts the rows of one partition, (pos) or (pos, seq), into runs. Rows of several sequences may
 * take turns: a run stays open until its sequence goes on elsewhere. Where more sequences take
 * turns than may be open, the run that was idle for longest ends.
 *
 * @param sequenceType type of the sequence column, or null when there is none
 * @param chunk runs also end in front of every multiple of this position; 0 for no such ends
 * @param mostOpen the most runs that are open at one row, at least 1
 * @param limit the most runs to list; a partition with more is only counted
 */
record RunCutter(DataType sequenceType, long chunk, int mostOpen, int limit)
    implements Serializable {

  /**
   * The runs of one partition.
   *
   * @param partition index of the partition
   * @param tokens rows of the partition
   * @param count runs of the partition
   * @param runs in the order of their first rows; empty when there are more than the limit
   * @param problem what is wrong with a row, or null
   */
  record Cut(int partition, long tokens, long count, List<Run> runs, String problem)
      implements Serializable {}

  Cut cut(int partition, Iterator<InternalRow> rows) {
    Cutting cutting = new Cutting(partition);
    String problem = null;
    while (problem == null && rows.hasNext()) {
      InternalRow row = rows.next();
      problem = missing(partition, row, cutting.current);
      if (problem == null) {
        cutting.add(row);
      }
    }
    return problem == null
        ? cutting.end()
        : new Cut(partition, cutting.tokens, cutting.count, List.of(), problem);
  }

  /** A run that the next row of its sequence may continue. */
  private static final class OpenRun {
    final long ordinal;
    final SequenceKey sequence;
    final long start;
    long next;

    OpenRun(long ordinal, SequenceKey sequence, long start) {
      this.ordinal = ordinal;
      this.sequence = sequence;
      this.start = start;
      this.next = start;
    }
  }

  /** The runs of a partition, as far as its rows were read. */
  private final class Cutting {
    private final int partition;
    private final List<Run> runs = new ArrayList<>();
    // The run that was idle for longest comes first; the current one comes last.
    private final Map<SequenceKey, OpenRun> open = new LinkedHashMap<>();
    private OpenRun current;
    private long tokens;
    private long count;

    Cutting(int partition) {
      this.partition = partition;
    }

    void add(InternalRow row) {
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
      if (open.size() == mostOpen && !open.containsKey(sequence)) {
        Iterator<OpenRun> idle = open.values().iterator();
        close(idle.next());
        idle.remove();
      }
      if (runs.size() < limit) {
        runs.add(null);
      }
      return new OpenRun(count++, sequence, position);
    }

    private void close(OpenRun run) {
      if (run.ordinal < limit) {
        runs.set(
            (int) run.ordinal, new Run(partition, run.sequence, run.start, run.next - run.start));
      }
    }

    Cut end() {
      open.values().forEach(this::close);
      return new Cut(partition, tokens, count, count > limit ? List.of() : runs, null);
    }
  }

  /** The key of a row's sequence, valid as long as the row. */
  private SequenceKey key(InternalRow row) {
    return sequenceType == null ? SequenceKey.ONLY : SequenceKey.view(row.get(1, sequenceType));
  }

  private boolean isOfSequence(InternalRow row, SequenceKey key) {
    return sequenceType == null || key.matches(row.get(1, sequenceType));
  }

  private String missing(int partition, InternalRow row, OpenRun before) {
    boolean noPosition = row.isNullAt(0);
    if (!noPosition && (sequenceType == null || !row.isNullAt(1))) {
      return null;
    }
    String column = noPosition ? "position" : "sequence";
    return before == null
        ? String.format("the first row of partition %d has a null %s", partition, column)
        : String.format(
            "the row after %s position %d has a null %s", before.sequence, before.next - 1, column);
  }
}
