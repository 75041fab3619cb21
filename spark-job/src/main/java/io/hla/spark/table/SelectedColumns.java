package io.hla.spark.table;

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

/** Columns of a table that are selected one after the other, each checked by name and type. */
final class SelectedColumns {
  private final StructType table;
  private final List<Column> columns = new ArrayList<>();
  private StructType schema = new StructType();
  private StructType kept = new StructType();

  /** {@code table} is the schema of the table. */
  SelectedColumns(StructType table) {
    this.table = table;
  }

  List<Column> columns() {
    return List.copyOf(columns);
  }

  /** The schema of what was selected. */
  StructType schema() {
    return schema;
  }

  /** The kept columns under their own names. */
  StructType kept() {
    return kept;
  }

  private void add(String name, Column column, DataType type, boolean nullable) {
    columns.add(column.as(name));
    schema = schema.add(name, type, nullable);
  }

  private void add(String name, StructField field) {
    add(name, Columns.named(field.name()), field.dataType(), field.nullable());
  }

  /** A column of whole numbers, as bigint. */
  void addIntegral(String name, String column) {
    StructField field = Columns.find(table, column);
    check(
        Columns.isIntegral(field.dataType()),
        "HLA_INPUT_TYPE",
        "column %s is %s, expected an integral type",
        field.name(),
        field.dataType().simpleString());
    add(
        name,
        Columns.named(field.name()).cast(DataTypes.LongType),
        DataTypes.LongType,
        field.nullable());
  }

  /** A column of arrays of numbers, as floats or doubles. */
  void addNumbers(String name, String column) {
    StructField field = Columns.find(table, column);
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

  /**
   * The sequence column as seq, if there is one.
   *
   * @param name null for a table that is one sequence
   * @param required whether the table must have it
   * @return the column of the table, or null
   */
  StructField addSequence(String name, boolean required) {
    if (name == null || (!required && !has(name))) {
      return null;
    }
    StructField sequence = Columns.checkSequence(Columns.find(table, name));
    add("seq", sequence);
    return sequence;
  }

  /** Columns that go to the output as they are. */
  void addKept(List<String> names) {
    for (String name : names) {
      StructField field = Columns.find(table, name);
      kept = kept.add(field);
      add("keep" + kept.size(), field);
    }
  }

  private boolean has(String name) {
    return Arrays.stream(table.fieldNames()).anyMatch(name::equalsIgnoreCase);
  }

  private static void check(boolean holds, String condition, String message, Object... values) {
    if (!holds) {
      throw new InputException(condition, String.format(Locale.ROOT, message, values));
    }
  }
}
