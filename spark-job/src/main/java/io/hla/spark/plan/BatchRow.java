package io.hla.spark.plan;

import io.hla.spark.parquet.ListVector;
import io.hla.spark.table.PackedVectors;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatchRow;

/** A row of a batch, moved from one to the next. */
final class BatchRow extends JoinedRow implements PackedVectors {
  private static final long serialVersionUID = 1L;

  private final transient ColumnVector[] columns;
  private final transient ColumnarBatchRow row;

  BatchRow(ColumnVector[] columns) {
    this.columns = columns;
    this.row = new ColumnarBatchRow(columns);
    // A row of Spark's that others may extend; nothing stands on its right.
    apply(row, InternalRow.empty());
  }

  BatchRow at(int index) {
    row.rowId = index;
    return this;
  }

  @Override
  public int packedWidth(int ordinal) {
    return columns[ordinal] instanceof ListVector lists ? lists.width() : -1;
  }

  @Override
  public boolean copyPacked(int ordinal, Object target, long offset) {
    return columns[ordinal] instanceof ListVector lists && lists.copy(row.rowId, target, offset);
  }
}
