package io.hla.spark.cli;

import io.hla.spark.InputException;
import io.hla.spark.table.TokenColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;

/**
 * A token table and the names of its columns.
 *
 * @param rows the table, with columns that are computed
 * @param columns names of its columns
 */
record TokenTable(Dataset<Row> rows, TokenColumns columns) {

  /**
   * Resolves columns as they were asked for: what is no column of the table is a field of one, or
   * an expression. Sequence, position and kept columns are then called as Spark calls them.
   *
   * @throws InputException HLA_INPUT_COLUMN
   */
  static TokenTable of(Dataset<Row> table, TokenColumns wanted) {
    ComputedColumns computed = new ComputedColumns(table);
    List<String> keep = new ArrayList<>();
    for (String list : wanted.keep()) {
      computed.split(list).forEach(column -> keep.add(computed.named(column)));
    }
    TokenColumns columns =
        new TokenColumns(
            computed.named(wanted.sequence()),
            wanted.sequenceRequired(),
            computed.named(wanted.position()),
            computed.of(wanted.query()),
            computed.of(wanted.key()),
            computed.of(wanted.value()),
            wanted.gate() == null ? null : computed.of(wanted.gate()),
            wanted.gateScale(),
            keep);
    return new TokenTable(computed.table(), columns);
  }

  /** The type of the sequence column; null where there is none. */
  DataType sequenceType() {
    return Arrays.stream(rows.schema().fields())
        .filter(field -> field.name().equalsIgnoreCase(columns.sequence()))
        .map(StructField::dataType)
        .findFirst()
        .orElse(null);
  }
}
