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
import org.apache.spark.sql.types.StructType;

/** Which columns of a table are vectors. */
final class WrittenColumns {
  private WrittenColumns() {}

  /**
   * The ordinals of the columns of vectors, ascending.
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
              if (at < 0 || !isVector(schema.fields()[at].dataType())) {
                throw new IllegalArgumentException(
                    String.format(
                        Locale.ROOT,
                        "option %s names column %s, which is %s, expected a column of type"
                            + " array<float> or array<double>",
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

  /** The path of the values of a column of vectors in Parquet's terms. */
  static String path(String column) {
    return column + ".list.element";
  }
}
