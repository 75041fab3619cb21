package io.hla.spark.extract;

import io.hla.spark.runs.PlannedRun;
import io.hla.spark.runs.RunReader;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.DataType;

/**
 * Rows of hidden vectors with the id of the token behind each. A row waits for the next one of its
 * sequence; the last one of a run takes the first id of the next run, and null where there is none.
 */
final class NextIds implements Iterator<InternalRow> {
  private final RunReader reader;
  private final FirstIds firstIds;
  private final UnsafeProjection projection;
  private final Map<SequenceKey, UnsafeRow> waiting = new HashMap<>();
  private final Deque<UnsafeRow> ready = new ArrayDeque<>();

  NextIds(
      int partition,
      Iterator<InternalRow> rows,
      Iterator<PlannedRun> runs,
      HiddenLayout layout,
      FirstIds firstIds) {
    reader = new RunReader(partition, rows, layout.places(), runs);
    this.firstIds = firstIds;
    projection = UnsafeProjection.create(layout.types().toArray(DataType[]::new));
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && reader.next()) {
      InternalRow row = reader.row();
      SequenceKey sequence = reader.run().run().sequence();
      UnsafeRow before = waiting.remove(sequence);
      if (before != null) {
        ready.add(with(before, row.getInt(HiddenLayout.ID)));
      }
      UnsafeRow copy = projection.apply(row).copy();
      if (reader.endsRun()) {
        ready.add(with(copy, firstIds.at(sequence, reader.run().run().end())));
      } else {
        waiting.put(sequence, copy);
      }
    }
    return !ready.isEmpty();
  }

  private static UnsafeRow with(UnsafeRow row, Integer next) {
    if (next == null) {
      row.setNullAt(HiddenLayout.NEXT);
    } else {
      row.setInt(HiddenLayout.NEXT, next);
    }
    return row;
  }

  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ready.remove();
  }
}
