package io.hla.spark.extract;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.inline;

import io.hla.algebra.State;
import io.hla.spark.state.SequenceState;
import io.hla.spark.stream.RowBytes;
import io.hla.spark.stream.SequenceStream;
import io.hla.spark.stream.StreamedState;
import io.hla.spark.table.SequenceKey;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * Makes a table of the states of all layers from what the state store of a stream holds. Methods
 * are called by generated code.
 */
public final class StoredModelStates implements Serializable {
  private static final long serialVersionUID = 1L;

  private StoredModelStates() {}

  /** The table. */
  static Dataset<Row> table(SequenceStream.Stored stored) {
    DataType all = DataTypes.createArrayType(ModelStates.schema(null), false);
    Column states =
        RowBytes.column(
            RowBytes.call(
                new StoredModelStates(), "states", all, RowBytes.expression(stored.state())));
    List<Column> columns = new ArrayList<>();
    if (stored.sequence() != null) {
      columns.add(stored.sequence().as("seq"));
    }
    columns.add(states.as("states"));
    Dataset<Row> rows = stored.rows().select(columns.toArray(Column[]::new));
    columns.set(columns.size() - 1, inline(col("states")));
    if (stored.sequence() != null) {
      columns.set(0, col("seq"));
    }
    return rows.select(columns.toArray(Column[]::new));
  }

  /** Rows as {@link ModelStates} has them, of the layers that have a state. */
  public ArrayData states(byte[] bytes) {
    StreamedState stored = StreamedState.fromBytes(bytes);
    List<InternalRow> rows = new ArrayList<>();
    if (stored.state() != null) {
      LayerStates known = LayerStates.fromBytes(stored.state());
      ModelStates table = new ModelStates(null, known.model());
      for (int layer = 0; layer < known.layers().size(); layer++) {
        byte[] state = known.layers().get(layer);
        if (state != null) {
          SequenceState one = new SequenceState(SequenceKey.ONLY, stored.nextPosition(), state);
          rows.add(table.row(State.describe(state).settings(), layer, one));
        }
      }
    }
    return new GenericArrayData(rows.toArray());
  }
}
