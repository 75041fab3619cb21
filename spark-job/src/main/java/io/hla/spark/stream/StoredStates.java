package io.hla.spark.stream;

import static org.apache.spark.sql.functions.col;

import io.hla.algebra.State;
import io.hla.spark.state.StateTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Makes a table of states from what the state store of a stream holds. Methods are called by
 * generated code.
 */
public final class StoredStates implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final StructType SCHEMA = StateTable.schema(null);

  private StoredStates() {}

  /**
   * The table.
   *
   * @param value the column of streamed states
   * @param sequence the column of their keys; null for one sequence
   */
  static Dataset<Row> table(Dataset<Row> stored, Column value, Column sequence) {
    Column state =
        RowBytes.column(
            RowBytes.call(new StoredStates(), "state", SCHEMA, RowBytes.expression(value)));
    List<Column> columns = new ArrayList<>();
    if (sequence != null) {
      columns.add(sequence.as("seq"));
    }
    columns.add(state.as("state"));
    Dataset<Row> rows = stored.select(columns.toArray(Column[]::new));
    columns.set(columns.size() - 1, col("state.*"));
    if (sequence != null) {
      columns.set(0, col("seq"));
    }
    return rows.where(col("state.state").isNotNull()).select(columns.toArray(Column[]::new));
  }

  /** (next_pos, tokens, settings, state); state null for a sequence that has no tokens yet. */
  public InternalRow state(byte[] bytes) {
    StreamedState stored = StreamedState.fromBytes(bytes);
    GenericInternalRow row = new GenericInternalRow(SCHEMA.length());
    row.update(0, stored.nextPosition());
    row.update(1, 0L);
    row.update(2, UTF8String.EMPTY_UTF8);
    if (stored.state() != null) {
      State.Description found = State.describe(stored.state());
      row.update(1, found.tokens());
      row.update(2, UTF8String.fromString(found.settings().describe().toString()));
      row.update(3, stored.state());
    }
    return row;
  }
}
