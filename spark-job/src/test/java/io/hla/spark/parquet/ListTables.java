package io.hla.spark.parquet;

import io.hla.spark.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tables of lists of numbers as Spark's own writer writes them, one file each. */
abstract class ListTables {
  private static final long SEED = 21;
  static final Map<String, String> PLAIN =
      Map.of(
          "parquet.enable.dictionary#q.list.element", "false",
          "parquet.enable.dictionary#v.list.element", "false");

  @TempDir Path folder;
  SparkSession spark;
  final Random random = new Random(SEED);

  @BeforeEach
  void open() {
    spark = TestSpark.newSession();
    spark.conf().set("spark.sql.parquet.columnarReaderBatchSize", 64);
  }

  static Path file(Path table) throws IOException {
    try (Stream<Path> files = Files.list(table)) {
      return files.filter(path -> path.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
  }

  Path write(List<Row> rows, DataType type, boolean nullable, Map<String, String> options) {
    Path table = folder.resolve("table-" + random.nextLong());
    frame(rows, type, nullable).coalesce(1).write().options(options).parquet(table.toString());
    return table;
  }

  Dataset<Row> frame(List<Row> rows, DataType type, boolean nullable) {
    return spark.createDataFrame(rows, schema(type, nullable));
  }

  static StructType schema(DataType element, boolean nullable) {
    return new StructType()
        .add("pos", DataTypes.LongType, false)
        .add("q", DataTypes.createArrayType(element, nullable), nullable)
        .add("v", DataTypes.createArrayType(element, nullable), nullable)
        .add("word", DataTypes.StringType);
  }

  List<Row> rows(int count, DataType type, IntFunction<Integer> width) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      List<Number> q = numbers(width.apply(i), type);
      rows.add(RowFactory.create((long) i, q, numbers(3, type), "w" + i % 7));
    }
    return rows;
  }

  List<Number> numbers(int count, DataType type) {
    return numbers(count, type, random::nextGaussian);
  }

  static List<Number> numbers(int count, DataType type, DoubleSupplier source) {
    List<Number> numbers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double number = source.getAsDouble();
      numbers.add(type.equals(DataTypes.FloatType) ? (Number) (float) number : number);
    }
    return numbers;
  }

  static Map<String, String> with(Map<String, String> options, String... more) {
    Map<String, String> all = new HashMap<>(options);
    for (int i = 0; i < more.length; i += 2) {
      all.put(more[i], more[i + 1]);
    }
    return all;
  }
}
