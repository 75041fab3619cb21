package io.hla.spark.table;

import io.hla.kernels.Element;
import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.AtomicType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.VariantType;

/**
 * The columns of a token table, checked by name and type, as (pos, q, k, v, [seq], [gates], kept
 * columns). Nothing is read for it.
 *
 * @param tokens the selected columns under these names
 * @param layout where they stand
 * @param kept the kept columns under their own names
 */
public record TokenSelection(Dataset<Row> tokens, TokenRow layout, StructType kept) {
  /** Atomic by name, but their values are neither equal nor ordered. */
  private static final List<String> GEO = List.of("geometry", "geography");

  /**
   * Selects the columns of a table.
   *
   * @param output the type of the outputs
   * @throws InputException HLA_INPUT_COLUMN, HLA_INPUT_TYPE or HLA_INPUT_STREAMING
   */
  public static TokenSelection of(Dataset<Row> table, TokenColumns columns, Element output) {
    check(
        !table.isStreaming(),
        "HLA_INPUT_STREAMING",
        "the table is a stream, whose batches would each be taken for all of it");
    StructType schema = table.schema();
    List<Column> selected = new ArrayList<>();
    StructField position = find(schema, columns.position());
    check(
        isIntegral(position.dataType()),
        "HLA_INPUT_TYPE",
        "column %s is %s, expected an integral type",
        position.name(),
        position.dataType().simpleString());
    selected.add(Columns.named(position.name()).cast(DataTypes.LongType).as("pos"));
    StructField[] arrays = {
      find(schema, columns.query()), find(schema, columns.key()), find(schema, columns.value())
    };
    for (int i = 0; i < 3; i++) {
      selected.add(numbers(arrays[i]).as("qkv".substring(i, i + 1)));
    }
    StructField sequence = null;
    if (columns.sequenceRequired() || has(schema, columns.sequence())) {
      sequence = find(schema, columns.sequence());
      check(
          sequence.dataType() instanceof AtomicType
              && !(sequence.dataType() instanceof VariantType)
              && !GEO.contains(sequence.dataType().typeName().replaceAll("\\(.*", "")),
          "HLA_INPUT_TYPE",
          "column %s is %s, expected an atomic type",
          sequence.name(),
          sequence.dataType().simpleString());
      check(
          !(sequence.dataType() instanceof StringType text) || text.isUTF8BinaryCollation(),
          "HLA_INPUT_TYPE",
          "column %s is %s, whose values are equal by its collation, expected string",
          sequence.name(),
          sequence.dataType().simpleString());
      selected.add(Columns.named(sequence.name()).as("seq"));
    }
    if (columns.gate() != null) {
      selected.add(numbers(find(schema, columns.gate())).as("g"));
    }
    StructType kept = new StructType();
    for (String name : columns.keep()) {
      StructField field = find(schema, name);
      kept = kept.add(field);
      selected.add(Columns.named(field.name()).as("keep" + kept.size()));
    }
    Dataset<Row> data = table.select(selected.toArray(Column[]::new));
    return new TokenSelection(data, TokenRow.of(data.schema(), columns, sequence, output), kept);
  }

  private static Column numbers(StructField field) {
    DataType element =
        field.dataType() instanceof ArrayType array ? array.elementType() : DataTypes.NullType;
    check(
        element instanceof NumericType,
        "HLA_INPUT_TYPE",
        "column %s is %s, expected array<float> or array<double>",
        field.name(),
        field.dataType().simpleString());
    boolean asStored = element.equals(DataTypes.FloatType) || element.equals(DataTypes.DoubleType);
    return asStored
        ? Columns.named(field.name())
        : Columns.named(field.name()).cast(DataTypes.createArrayType(DataTypes.DoubleType));
  }

  private static boolean isIntegral(DataType type) {
    return type.equals(DataTypes.LongType)
        || type.equals(DataTypes.IntegerType)
        || type.equals(DataTypes.ShortType)
        || type.equals(DataTypes.ByteType);
  }

  private static boolean has(StructType schema, String name) {
    return Arrays.stream(schema.fieldNames()).anyMatch(name::equalsIgnoreCase);
  }

  private static StructField find(StructType schema, String name) {
    List<StructField> matches =
        Arrays.stream(schema.fields()).filter(f -> f.name().equalsIgnoreCase(name)).toList();
    check(
        matches.size() == 1,
        "HLA_INPUT_COLUMN",
        matches.isEmpty()
            ? "the table has no column %s, it has %s"
            : "the table has several columns %s, it has %s",
        name,
        Arrays.toString(schema.fieldNames()));
    return matches.get(0);
  }

  private static void check(boolean holds, String condition, String message, Object... values) {
    if (!holds) {
      throw new InputException(condition, String.format(Locale.ROOT, message, values));
    }
  }
}
