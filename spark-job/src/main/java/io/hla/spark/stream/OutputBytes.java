package io.hla.spark.stream;

import io.hla.spark.table.SequenceKey;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.types.UTF8String;

/** Makes output rows: seq if there is one, pos, o, kept columns, and error if it is asked for. */
final class OutputBytes {
  private final RowBytes rows;
  private final List<DataType> keptTypes;
  private final int position;
  private final GenericInternalRow row;

  OutputBytes(RowBytes rows, boolean sequenced, List<DataType> keptTypes) {
    this.rows = rows;
    this.keptTypes = keptTypes;
    position = sequenced ? 1 : 0;
    row = new GenericInternalRow(rows.schema().length());
  }

  /** A row of {@link AttendedRows}. */
  byte[] of(SequenceKey sequence, InternalRow attended) {
    return of(
        sequence,
        attended.getLong(position),
        attended.getArray(position + 1),
        attended,
        position + 2,
        null);
  }

  /**
   * One row.
   *
   * @param output of the token, or null
   * @param kept a row that has the kept columns from {@code firstKept} on
   * @param error why there is no output, or null
   */
  byte[] of(
      SequenceKey sequence, long at, Object output, InternalRow kept, int firstKept, String error) {
    if (position == 1) {
      row.update(0, sequence.value());
    }
    row.update(position, at);
    row.update(position + 1, output);
    for (int i = 0; i < keptTypes.size(); i++) {
      int ordinal = firstKept + i;
      row.update(
          position + 2 + i, kept.isNullAt(ordinal) ? null : kept.get(ordinal, keptTypes.get(i)));
    }
    if (row.numFields() > position + 2 + keptTypes.size()) {
      row.update(row.numFields() - 1, error == null ? null : UTF8String.fromString(error));
    }
    return rows.pack(row);
  }
}
