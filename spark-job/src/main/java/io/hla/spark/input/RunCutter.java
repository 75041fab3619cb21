package io.hla.spark.input;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * Cuts the rows of one partition, (pos) or (pos, seq), into runs.
 *
 * @param sequenceType type of the sequence column, or null when there is none
 * @param chunk runs also end in front of every multiple of this position; 0 for no such ends
 * @param limit the most runs to list; a partition with more is only counted
 */
record RunCutter(DataType sequenceType, long chunk, int limit) implements Serializable {

  /**
   * The runs of one partition.
   *
   * @param partition index of the partition
   * @param tokens rows of the partition
   * @param count runs of the partition
   * @param runs in stored order; empty when there are more than the limit
   * @param problem what is wrong with a row, or null
   */
  record Cut(int partition, long tokens, long count, List<Run> runs, String problem)
      implements Serializable {}

  Cut cut(int partition, Iterator<InternalRow> rows) {
    List<Run> runs = new ArrayList<>();
    SequenceKey sequence = null;
    long start = 0;
    long next = 0;
    long tokens = 0;
    long count = 0;
    while (rows.hasNext()) {
      InternalRow row = rows.next();
      String missing = missing(partition, row, sequence, next);
      if (missing != null) {
        return new Cut(partition, tokens, count, List.of(), missing);
      }
      long position = row.getLong(0);
      boolean same =
          sequence != null && (sequenceType == null || sequence.matches(row.get(1, sequenceType)));
      if (!same || position != next || (chunk > 0 && Math.floorMod(position, chunk) == 0)) {
        if (sequence != null && runs.size() < limit) {
          runs.add(new Run(partition, sequence, start, next - start));
        }
        if (!same) {
          sequence =
              sequenceType == null ? SequenceKey.ONLY : SequenceKey.of(row.get(1, sequenceType));
        }
        start = position;
        count++;
      }
      next = position + 1;
      tokens++;
    }
    if (sequence != null && runs.size() < limit) {
      runs.add(new Run(partition, sequence, start, next - start));
    }
    return new Cut(partition, tokens, count, count > limit ? List.of() : runs, null);
  }

  private String missing(int partition, InternalRow row, SequenceKey sequence, long next) {
    boolean noPosition = row.isNullAt(0);
    if (!noPosition && (sequenceType == null || !row.isNullAt(1))) {
      return null;
    }
    String column = noPosition ? "position" : "sequence";
    return sequence == null
        ? String.format("the first row of partition %d has a null %s", partition, column)
        : String.format("the row after %s position %d has a null %s", sequence, next - 1, column);
  }
}
