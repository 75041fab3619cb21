package io.hla.spark.extract;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;

/** The sequence and the kept columns of a batch of tokens. */
final class OtherColumns {
  private final HiddenLayout layout;
  private final Object[] sequences;
  private final Object[][] kept;
  private Object sequence;

  OtherColumns(HiddenLayout layout, int capacity) {
    this.layout = layout;
    sequences = new Object[capacity];
    kept = new Object[capacity][layout.keptTypes().size()];
  }

  /** Takes those of a row of hidden vectors, which may be used again. */
  void read(int token, InternalRow row) {
    read(token, row, HiddenLayout.SEQUENCE, layout.firstKept());
  }

  /**
   * Takes those of a row, which may be used again.
   *
   * @param sequenceAt where its sequence stands, if there is one
   * @param keptAt where its kept columns start
   */
  void read(int token, InternalRow row, int sequenceAt, int keptAt) {
    if (layout.sequenceType() != null) {
      Object found = row.get(sequenceAt, layout.sequenceType());
      // The same object as long as it is the same sequence.
      if (!found.equals(sequence)) {
        sequence = InternalRow.copyValue(found);
      }
      sequences[token] = sequence;
    }
    for (int i = 0; i < kept[token].length; i++) {
      DataType type = layout.keptTypes().get(i);
      kept[token][i] =
          row.isNullAt(keptAt + i) ? null : InternalRow.copyValue(row.get(keptAt + i, type));
    }
  }

  /** Puts those of a token where a row has them. */
  void write(int token, GenericInternalRow row, int sequenceAt, int keptAt) {
    if (layout.sequenceType() != null) {
      row.update(sequenceAt, sequences[token]);
    }
    for (int i = 0; i < kept[token].length; i++) {
      row.update(keptAt + i, kept[token][i]);
    }
  }
}
