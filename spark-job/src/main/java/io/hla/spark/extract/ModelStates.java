package io.hla.spark.extract;

import static org.apache.spark.sql.functions.col;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.InputException;
import io.hla.spark.state.SequenceState;
import io.hla.spark.state.StateTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Tables of the states of all layers: the columns of a {@link StateTable}, then {@code layer} int,
 * from 1, and {@code model} string, the fingerprint of the model that made them.
 *
 * @param sequenceType type of the sequence column, or null when there is none
 * @param model the fingerprint
 */
record ModelStates(DataType sequenceType, String model) implements Serializable {
  private static final String LAYER = "layer";
  private static final String MODEL = "model";

  /** The schema of such a table. */
  static StructType schema(DataType sequenceType) {
    return StateTable.schema(sequenceType)
        .add(LAYER, DataTypes.IntegerType, false)
        .add(MODEL, DataTypes.StringType, false);
  }

  /**
   * What is selected from a table: ([seq], next_pos, state, layer, model).
   *
   * @throws InputException HLA_STATE_TABLE
   */
  static List<Column> columns(StructType table, String name, DataType sequenceType) {
    List<Column> columns = new ArrayList<>(StateTable.columns(table, name, sequenceType));
    for (String column : List.of(LAYER, MODEL)) {
      if (!Arrays.asList(table.fieldNames()).contains(column)) {
        throw new InputException(
            "HLA_STATE_TABLE",
            String.format(
                Locale.ROOT,
                "%s does not hold the states of a model: it has no column %s, it has %s",
                name,
                column,
                Arrays.toString(table.fieldNames())));
      }
    }
    columns.add(col(LAYER).cast(DataTypes.IntegerType).as(LAYER));
    columns.add(col(MODEL).cast(DataTypes.StringType).as(MODEL));
    return columns;
  }

  /** A row of the table. */
  InternalRow row(AttentionSettings settings, int layer, SequenceState state) {
    InternalRow plain = StateTable.row(sequenceType, settings, state);
    StructType schema = StateTable.schema(sequenceType);
    Object[] values = new Object[schema.size() + 2];
    for (int i = 0; i < schema.size(); i++) {
      values[i] = plain.get(i, schema.fields()[i].dataType());
    }
    values[schema.size()] = layer + 1;
    values[schema.size() + 1] = UTF8String.fromString(model);
    return new GenericInternalRow(values);
  }

  /**
   * The states of one layer.
   *
   * @param rows of the selected columns
   * @param layer from 0
   */
  JavaRDD<InternalRow> of(JavaRDD<InternalRow> rows, int layer) {
    return rows.filter(
        row -> {
          checkModel(row);
          int at = layerColumn();
          return !row.isNullAt(at) && row.getInt(at) == layer + 1;
        });
  }

  /**
   * The layer, from 0, of a row of the selected columns.
   *
   * @throws InputException HLA_STATE_MODEL, or HLA_STATE_DAMAGED if there is none
   */
  int layer(InternalRow row) {
    checkModel(row);
    int layer = row.isNullAt(layerColumn()) ? 0 : row.getInt(layerColumn());
    if (layer < 1) {
      throw new InputException(
          "HLA_STATE_DAMAGED", "a state is of layer " + layer + ", expected 1 or one behind it");
    }
    return layer - 1;
  }

  private int layerColumn() {
    return sequenceType == null ? 2 : 3;
  }

  private void checkModel(InternalRow row) {
    int at = layerColumn() + 1;
    checkModel(row.isNullAt(at) ? null : row.getUTF8String(at).toString());
  }

  /**
   * Refuses what another model has made.
   *
   * @param made its fingerprint
   * @throws InputException HLA_STATE_MODEL
   */
  void checkModel(String made) {
    if (!model.equals(made)) {
      throw new InputException(
          "HLA_STATE_MODEL",
          String.format(Locale.ROOT, "a state was made by model %s, expected %s", made, model));
    }
  }
}
