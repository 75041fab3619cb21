package io.hla.spark.stream;

import io.hla.spark.InputException;
import io.hla.spark.table.SequenceKey;
import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * Rows of tokens as bytes, and where they say which token of which sequence they are.
 *
 * @param packing of the rows
 * @param sequenceType type of the sequence column, or null when there is none
 * @param sequenceName the user's name of it
 * @param position where the position stands
 * @param sequence where the sequence stands if there is one
 */
public record SequenceRows(
    RowBytes packing, DataType sequenceType, String sequenceName, int position, int sequence)
    implements Serializable {

  /**
   * The sequence of a row.
   *
   * @throws InputException HLA_INPUT_NULL
   */
  SequenceKey key(byte[] bytes) {
    if (sequenceType == null) {
      return SequenceKey.ONLY;
    }
    InternalRow row = packing.unpack(bytes);
    if (row.isNullAt(sequence)) {
      throw new InputException(
          "HLA_INPUT_NULL", "a row has a null sequence in column " + sequenceName);
    }
    // The bytes are this row's own.
    return SequenceKey.view(row.get(sequence, sequenceType));
  }

  /**
   * The position of a row.
   *
   * @throws InputException HLA_INPUT_NULL
   */
  long position(byte[] bytes, SequenceKey key) {
    InternalRow row = packing.unpack(bytes);
    if (row.isNullAt(position)) {
      throw new InputException("HLA_INPUT_NULL", "a row of " + text(key) + " has a null position");
    }
    return row.getLong(position);
  }

  /** What messages call a sequence. */
  public String text(SequenceKey key) {
    return key.text(sequenceType);
  }

  /** The columns, as SQL writes them. */
  String columns() {
    return packing.schema().toDDL();
  }
}
