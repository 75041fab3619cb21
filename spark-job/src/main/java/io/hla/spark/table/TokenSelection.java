package io.hla.spark.table;

import io.hla.kernels.Element;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of a token table, checked by name and type, as (pos, q, k, v, [seq], [gates], kept
 * columns). Nothing is read for it.
 *
 * @param columns what is selected, under these names
 * @param schema of the selected columns
 * @param layout where they stand
 * @param kept the kept columns under their own names
 */
public record TokenSelection(
    List<Column> columns, StructType schema, TokenRow layout, StructType kept) {

  /**
   * Selects the columns of a table.
   *
   * @param schema of the table
   * @param output the type of the outputs
   * @throws io.hla.spark.InputException HLA_INPUT_COLUMN or HLA_INPUT_TYPE
   */
  public static TokenSelection of(StructType schema, TokenColumns columns, Element output) {
    SelectedColumns selected = new SelectedColumns(schema);
    selected.addIntegral("pos", columns.position());
    selected.addNumbers("q", columns.query());
    selected.addNumbers("k", columns.key());
    selected.addNumbers("v", columns.value());
    StructField sequence = selected.addSequence(columns.sequence(), columns.sequenceRequired());
    if (columns.gate() != null) {
      selected.addNumbers("g", columns.gate());
    }
    selected.addKept(columns.keep());
    return new TokenSelection(
        selected.columns(),
        selected.schema(),
        TokenRow.of(selected.schema(), columns, sequence, output),
        selected.kept());
  }
}
