package io.hla.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** Tables written by Spark's writer and by ours, and what is compared of them. */
final class WrittenTables {
  /** Vectorized, vectorized for flat columns alone, and row by row. */
  private static final List<SparkSession> READERS =
      List.of(reader(true, true), reader(true, false), reader(false, false));

  private WrittenTables() {}

  static StructType schema(DataType element, boolean nullableRows, boolean nullableElements) {
    return new StructType()
        .add("seq", DataTypes.StringType, true)
        .add("pos", DataTypes.LongType, false)
        .add("o", DataTypes.createArrayType(element, nullableElements), nullableRows)
        .add("tag", DataTypes.IntegerType, true);
  }

  /** The number of a token: any bits but NaN's, some of them special. */
  static Object number(DataType element, Random random) {
    float value =
        switch (random.nextInt(20)) {
          case 0 -> -0f;
          case 1 -> Float.NaN;
          case 2 -> Float.NEGATIVE_INFINITY;
          case 3 -> Float.MIN_VALUE;
          default -> random.nextFloat() - 0.5f;
        };
    return element.equals(DataTypes.FloatType) ? (Object) value : (Object) (value * 1.1);
  }

  static List<Object> vector(DataType element, int width, double nulls, Random random) {
    List<Object> vector = new ArrayList<>();
    for (int i = 0; i < width; i++) {
      vector.add(random.nextDouble() < nulls ? null : number(element, random));
    }
    return vector;
  }

  static void write(Dataset<Row> rows, Path target, Map<String, String> options) {
    rows.write().format(VectorParquetFormat.NAME).options(options).save(target.toString());
  }

  /** Asserts that every reader of Spark finds in both folders the same schema, rows and bits. */
  static void assertSame(Path ours, Path sparks) {
    for (SparkSession reader : READERS) {
      Dataset<Row> expected = reader.read().parquet(sparks.toString());
      Dataset<Row> actual = reader.read().parquet(ours.toString());
      assertThat(actual.schema()).isEqualTo(expected.schema());
      assertThat(bits(actual)).as(ours.toString()).isEqualTo(bits(expected));
    }
  }

  private static SparkSession reader(boolean vectorized, boolean nested) {
    SparkSession spark = TestSpark.newSession();
    spark.conf().set("spark.sql.parquet.enableVectorizedReader", vectorized);
    spark.conf().set("spark.sql.parquet.enableNestedColumnVectorizedReader", nested);
    return spark;
  }

  /** Rows as text that tells every bit of a number, in an order of their own. */
  static List<String> bits(Dataset<Row> table) {
    return table.collectAsList().stream().map(WrittenTables::bits).sorted().toList();
  }

  private static String bits(Row row) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < row.size(); i++) {
      text.append(bits(row.get(i))).append(' ');
    }
    return text.toString();
  }

  private static String bits(Object value) {
    if (value instanceof Float number) {
      return Integer.toHexString(Float.floatToRawIntBits(number));
    }
    if (value instanceof Double number) {
      return Long.toHexString(Double.doubleToRawLongBits(number));
    }
    if (value instanceof scala.collection.Seq<?> values) {
      return scala.jdk.javaapi.CollectionConverters.asJava(values).stream()
          .map(WrittenTables::bits)
          .toList()
          .toString();
    }
    if (value instanceof byte[] bytes) {
      return Arrays.toString(bytes);
    }
    return value instanceof Row row ? "{" + bits(row) + "}" : String.valueOf(value);
  }

  static List<Path> files(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".parquet")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ParquetFileReader open(Path file) throws IOException {
    return ParquetFileReader.open(
        HadoopInputFile.fromPath(
            new org.apache.hadoop.fs.Path(file.toString()), new Configuration()));
  }

  static ParquetMetadata footer(Path file) {
    try (ParquetFileReader reader = open(file)) {
      return reader.getFooter();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
