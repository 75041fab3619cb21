package io.hla.spark.table;

import static org.apache.spark.sql.functions.col;

import io.hla.spark.InputException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.AtomicType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.VariantType;

/** Columns of tables by their names. */
public final class Columns {
  /** Atomic by name, but their values are neither equal nor ordered. */
  private static final List<String> GEO = List.of("geometry", "geography");

  private Columns() {}

  /** The column of that name, whatever characters it has; dots do not reach into structs. */
  public static Column named(String name) {
    return col("`" + name.replace("`", "``") + "`");
  }

  /**
   * The one column of that name, whatever its case.
   *
   * @throws InputException HLA_INPUT_COLUMN
   */
  public static StructField find(StructType schema, String name) {
    List<StructField> matches =
        Arrays.stream(schema.fields()).filter(f -> f.name().equalsIgnoreCase(name)).toList();
    if (matches.size() != 1) {
      throw new InputException(
          "HLA_INPUT_COLUMN",
          String.format(
              Locale.ROOT,
              matches.isEmpty()
                  ? "the table has no column %s, it has %s"
                  : "the table has several columns %s, it has %s",
              name,
              Arrays.toString(schema.fieldNames())));
    }
    return matches.get(0);
  }

  /** Whether numbers of a type are whole and fit a long. */
  public static boolean isIntegral(DataType type) {
    return type.equals(DataTypes.LongType)
        || type.equals(DataTypes.IntegerType)
        || type.equals(DataTypes.ShortType)
        || type.equals(DataTypes.ByteType);
  }

  /**
   * The column, if its values can name sequences.
   *
   * @throws InputException HLA_INPUT_TYPE
   */
  public static StructField checkSequence(StructField column) {
    DataType type = column.dataType();
    String problem = null;
    if (!(type instanceof AtomicType)
        || type instanceof VariantType
        || GEO.contains(type.typeName().replaceAll("\\(.*", ""))) {
      problem = "column %s is %s, expected an atomic type";
    } else if (type instanceof StringType text && !text.isUTF8BinaryCollation()) {
      problem = "column %s is %s, whose values are equal by its collation, expected string";
    }
    if (problem != null) {
      throw new InputException(
          "HLA_INPUT_TYPE",
          String.format(Locale.ROOT, problem, column.name(), type.simpleString()));
    }
    return column;
  }

  /**
   * Refuses names that an output table would have twice.
   *
   * @throws InputException HLA_OUTPUT_COLUMN
   */
  public static void checkDistinct(List<String> names) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name.toLowerCase(Locale.ROOT))) {
        throw new InputException(
            "HLA_OUTPUT_COLUMN",
            String.format(
                Locale.ROOT, "the output would have columns %s, expected %s once", names, name));
      }
    }
  }
}
