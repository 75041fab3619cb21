package io.hla.spark.table;

import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of a table of token ids, checked by name and type, as (pos, id, [seq], kept columns).
 * Nothing is read for it.
 *
 * @param columns what is selected, under these names
 * @param schema of the selected columns
 * @param sequenceType type of the sequence column, or null when there is none
 * @param kept the kept columns under their own names
 */
public record IdSelection(
    List<Column> columns, StructType schema, DataType sequenceType, StructType kept) {
  /** Where the position stands. */
  public static final int POSITION = 0;

  /** Where the id stands. */
  public static final int ID = 1;

  /** Where the sequence stands if there is one. */
  public static final int SEQUENCE = 2;

  /**
   * Selects the columns of a table.
   *
   * @param schema of the table
   * @throws io.hla.spark.InputException HLA_INPUT_COLUMN or HLA_INPUT_TYPE
   */
  public static IdSelection of(StructType schema, IdColumns columns) {
    SelectedColumns selected = new SelectedColumns(schema);
    selected.addIntegral("pos", columns.position());
    selected.addIntegral("id", columns.id());
    StructField sequence = selected.addSequence(columns.sequence(), columns.sequenceRequired());
    selected.addKept(columns.keep());
    return new IdSelection(
        selected.columns(),
        selected.schema(),
        sequence == null ? null : sequence.dataType(),
        selected.kept());
  }

  /** Where the kept columns start. */
  public int firstKept() {
    return SEQUENCE + (sequenceType == null ? 0 : 1);
  }
}
