package io.hla.spark.cli;

import static org.apache.spark.sql.functions.col;

import io.hla.spark.Attention;
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

  /** The column of positions. */
  Column position() {
    return col("`" + columns.position() + "`");
  }

  /** Its rows that meet a condition. */
  Dataset<Row> rows(Dataset<Row> written, Column condition) {
    Dataset<Row> rows = written.where(condition);
    if (!Arrays.asList(schema.fieldNames()).contains(columns.sequence())) {
      return rows;
    }
    DataType type = schema.apply(columns.sequence()).dataType();
    Column named = col("`" + columns.sequence() + "`");
    // Formats such as JSON store values of some types as text.
    return rows.where(named.try_cast(type).equalTo(sequence.external(type)));
  }
}
