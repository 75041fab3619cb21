package io.hla.spark.table;

import io.hla.kernels.Element;
import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
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
   * @throws InputException HLA_INPUT_COLUMN or HLA_INPUT_TYPE
   */
  public static TokenSelection of(StructType schema, TokenColumns columns, Element output) {
    Selected selected = new Selected();
    StructField position = Columns.find(schema, columns.position());
    check(
        Columns.isIntegral(position.dataType()),
        "HLA_INPUT_TYPE",
        "column %s is %s, expected an integral type",
        position.name(),
        position.dataType().simpleString());
    selected.add(
        "pos",
        Columns.named(position.name()).cast(DataTypes.LongType),
        DataTypes.LongType,
        position.nullable());
    StructField[] arrays = {
      Columns.find(schema, columns.query()),
      Columns.find(schema, columns.key()),
      Columns.find(schema, columns.value())
    };
    for (int i = 0; i < 3; i++) {
      selected.addNumbers("qkv".substring(i, i + 1), arrays[i]);
    }
    StructField sequence = null;
    if (columns.sequence() != null
        && (columns.sequenceRequired() || has(schema, columns.sequence()))) {
      sequence = Columns.checkSequence(Columns.find(schema, columns.sequence()));
      selected.add("seq", sequence);
    }
    if (columns.gate() != null) {
      selected.addNumbers("g", Columns.find(schema, columns.gate()));
    }
    StructType kept = new StructType();
    for (String name : columns.keep()) {
      StructField field = Columns.find(schema, name);
      kept = kept.add(field);
      selected.add("keep" + kept.size(), field);
    }
    return new TokenSelection(
        List.copyOf(selected.columns),
        selected.schema,
        TokenRow.of(selected.schema, columns, sequence, output),
        kept);
  }

  private static final class Selected {
    final List<Column> columns = new ArrayList<>();
    StructType schema = new StructType();

    void add(String name, Column column, DataType type, boolean nullable) {
      columns.add(column.as(name));
      schema = schema.add(name, type, nullable);
    }

    void add(String name, StructField field) {
      add(name, Columns.named(field.name()), field.dataType(), field.nullable());
    }

    void addNumbers(String name, StructField field) {
      DataType element =
          field.dataType() instanceof ArrayType array ? array.elementType() : DataTypes.NullType;
      check(
          element instanceof NumericType,
          "HLA_INPUT_TYPE",
          "column %s is %s, expected array<float> or array<double>",
          field.name(),
          field.dataType().simpleString());
      if (element.equals(DataTypes.FloatType) || element.equals(DataTypes.DoubleType)) {
        add(name, field);
      } else {
        ArrayType doubles = DataTypes.createArrayType(DataTypes.DoubleType);
        add(name, Columns.named(field.name()).cast(doubles), doubles, field.nullable());
      }
    }
  }

  private static boolean has(StructType schema, String name) {
    return Arrays.stream(schema.fieldNames()).anyMatch(name::equalsIgnoreCase);
  }

  private static void check(boolean holds, String condition, String message, Object... values) {
    if (!holds) {
      throw new InputException(condition, String.format(Locale.ROOT, message, values));
    }
  }
}
