package io.hla.spark.extract;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.types.DataType;

/** The columns of a batch of tokens that are no vectors of it. */
final class OtherColumns {
  private final Object[][] values;
  private Object sequence;

  OtherColumns(int capacity, int columns) {
    values = new Object[capacity][columns];
  }

  /** Takes a value of a row, which may be used again. */
  void set(int token, int column, SpecializedGetters row, int ordinal, DataType type) {
    values[token][column] =
        row.isNullAt(ordinal) ? null : InternalRow.copyValue(row.get(ordinal, type));
  }

  /** The same for a sequence, which is the same object as long as it is the same sequence. */
  void setSequence(int token, int column, SpecializedGetters row, int ordinal, DataType type) {
    Object found = row.get(ordinal, type);
    if (!found.equals(sequence)) {
      sequence = InternalRow.copyValue(found);
    }
    values[token][column] = sequence;
  }

  Object get(int token, int column) {
    return values[token][column];
  }
}
