package io.hla.spark.extract;

import io.hla.spark.table.IdSelection;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;

/** Rows (pos, [seq]) of rows of ids. */
final class IdPositions implements Iterator<InternalRow> {
  private final Iterator<InternalRow> rows;
  private final DataType sequenceType;
  private final GenericInternalRow position = new GenericInternalRow(2);

  /** {@code sequenceType} is null when there are no sequences. */
  IdPositions(Iterator<InternalRow> rows, DataType sequenceType) {
    this.rows = rows;
    this.sequenceType = sequenceType;
  }

  @Override
  public boolean hasNext() {
    return rows.hasNext();
  }

  @Override
  public InternalRow next() {
    InternalRow row = rows.next();
    boolean placed = !row.isNullAt(IdSelection.POSITION);
    position.update(0, placed ? row.getLong(IdSelection.POSITION) : null);
    boolean named = sequenceType != null && !row.isNullAt(IdSelection.SEQUENCE);
    position.update(1, named ? row.get(IdSelection.SEQUENCE, sequenceType) : null);
    return position;
  }
}
