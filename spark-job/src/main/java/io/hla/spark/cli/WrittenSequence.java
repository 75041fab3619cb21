package io.hla.spark.cli;

import io.hla.spark.Attention;
import io.hla.spark.table.Columns;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenColumns;
import java.util.Arrays;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * The outputs of one sequence in a table that was written.
 *
 * @param schema of the outputs
 * @param columns names of their sequence and position columns
 * @param outputColumn name of their output column
 * @param sequence the sequence
 */
record WrittenSequence(
    StructType schema, TokenColumns columns, String outputColumn, SequenceKey sequence) {

  static WrittenSequence of(Attention request, Attention.Result result, SequenceKey sequence) {
    return new WrittenSequence(
        result.outputs().schema(), request.columns(), request.outputColumn(), sequence);
  }

  /** The sequence as users wrote it. */
  String text() {
    return sequence.text(type());
  }

  /** The type of the column of sequences; null if there is none. */
  private DataType type() {
    return Arrays.asList(schema.fieldNames()).contains(columns.sequence())
        ? schema.apply(columns.sequence()).dataType()
        : null;
  }

  /** The column of positions. */
  Column position() {
    return Columns.named(columns.position());
  }

  /** The column of outputs. */
  Column output() {
    return Columns.named(outputColumn);
  }

  /** Its rows that meet a condition. */
  Dataset<Row> rows(Dataset<Row> written, Column condition) {
    Dataset<Row> rows = written.where(condition);
    DataType type = type();
    if (type == null) {
      return rows;
    }
    Column named = Columns.named(columns.sequence());
    // Formats such as JSON store values of some types as text.
    return rows.where(named.try_cast(type).equalTo(sequence.external(type)));
  }
}
