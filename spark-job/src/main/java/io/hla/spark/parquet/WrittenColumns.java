package io.hla.spark.parquet;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Which columns of a table are vectors, or long bytes that are written as they are. */
final class WrittenColumns {
  private WrittenColumns() {}

  /**
   * The ordinals of the columns that the option names, or of all vectors, ascending.
   *
   * @throws IllegalArgumentException if the option names a column that is absent or of another type
   */
  static int[] vectors(StructType schema, Map<String, String> options, boolean caseSensitive) {
    String option =
        options.entrySet().stream()
            .filter(entry -> entry.getKey().equalsIgnoreCase(VectorParquetFormat.VECTORS))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse(null);
    String[] fields = schema.fieldNames();
    if (option == null) {
      return IntStream.range(0, fields.length)
          .filter(i -> isVector(schema.fields()[i].dataType()))
          .toArray();
    }
    List<String> known = Stream.of(fields).map(name -> folded(name, caseSensitive)).toList();
    return names(option, known, caseSensitive)
        .mapToInt(
            name -> {
              int at = known.indexOf(folded(name, caseSensitive));
              if (at < 0 || !isWritten(schema.fields()[at].dataType())) {
                throw new IllegalArgumentException(
                    String.format(
                        Locale.ROOT,
                        "option %s names column %s, which is %s, expected a column of type"
                            + " array<float>, array<double> or binary",
                        VectorParquetFormat.VECTORS,
                        name,
                        at < 0 ? "absent" : schema.fields()[at].dataType().simpleString()));
              }
              return at;
            })
        .sorted()
        .distinct()
        .toArray();
  }

  // The name of a single column may hold commas itself.
  private static Stream<String> names(String option, List<String> known, boolean caseSensitive) {
    return known.contains(folded(option, caseSensitive))
        ? Stream.of(option)
        : Arrays.stream(option.split(",")).map(String::strip).filter(name -> !name.isEmpty());
  }

  private static String folded(String name, boolean caseSensitive) {
    return caseSensitive ? name : name.toLowerCase(Locale.ROOT);
  }

  private static boolean isVector(DataType type) {
    return type instanceof ArrayType array
        && (array.elementType().equals(DataTypes.FloatType)
            || array.elementType().equals(DataTypes.DoubleType));
  }

  private static boolean isWritten(DataType type) {
    return isVector(type) || type.equals(DataTypes.BinaryType);
  }

  /** The path of the values of a column in Parquet's terms. */
  static String path(StructField column) {
    return isVector(column.dataType()) ? column.name() + ".list.element" : column.name();
  }
}
