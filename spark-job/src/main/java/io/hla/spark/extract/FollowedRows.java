package io.hla.spark.extract;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.DataType;

/**
 * Rows of hidden vectors of one sequence with the id of the token behind each; the last one waits
 * for the token that comes next.
 */
final class FollowedRows implements Iterator<InternalRow> {
  private final Iterator<InternalRow> rows;
  private final int columns;
  private final UnsafeProjection projection;
  private UnsafeRow waiting;
  private UnsafeRow ready;

  FollowedRows(Iterator<InternalRow> rows, HiddenLayout layout) {
    this.rows = rows;
    columns = layout.columns();
    projection = UnsafeProjection.create(layout.types().toArray(DataType[]::new));
  }

  /** Begins a sequence; {@code row} is what {@link #waiting} gave, or null. */
  void startBehind(byte[] row) {
    ready = null;
    waiting = null;
    if (row != null) {
      waiting = new UnsafeRow(columns);
      waiting.pointTo(row, row.length);
    }
  }

  /** The bytes of the row that waits once there are no more; null without one. */
  byte[] waiting() {
    return waiting == null ? null : waiting.getBytes();
  }

  @Override
  public boolean hasNext() {
    while (ready == null && rows.hasNext()) {
      UnsafeRow row = projection.apply(rows.next()).copy();
      if (waiting != null) {
        waiting.setInt(HiddenLayout.NEXT, row.getInt(HiddenLayout.ID));
      }
      ready = waiting;
      waiting = row;
    }
    return ready != null;
  }

  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    InternalRow next = ready;
    ready = null;
    return next;
  }
}
