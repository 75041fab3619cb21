package io.hla.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random tables under random settings, against Spark's file of the same rows. */
class VectorFuzzTest {
  private static final SparkSession SPARK = TestSpark.newSession();

  @TempDir Path folder;

  /** What the vectors of a column look like. */
  private record Kind(
      DataType element, int width, double ragged, boolean nullRows, boolean nullElements) {
    static Kind of(Random random) {
      return new Kind(
          random.nextBoolean() ? DataTypes.FloatType : DataTypes.DoubleType,
          random.nextInt(random.nextInt(4) == 0 ? 300 : 20),
          random.nextInt(3) * 0.1,
          random.nextInt(3) == 0,
          random.nextInt(3) == 0);
    }

    Object value(Random random) {
      if (nullRows && random.nextInt(15) == 0) {
        return null;
      }
      int count = random.nextDouble() < ragged ? random.nextInt(2 * width + 2) : width;
      boolean nulls = nullElements && random.nextInt(15) == 0;
      return WrittenTables.vector(element, count, nulls ? 0.5 : 0, random);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void readsAsSparksOwn(long seed) {
    Random random = new Random(seed);
    int columns = 1 + random.nextInt(6);
    int surelyVector = random.nextInt(columns);
    List<Kind> kinds = new ArrayList<>();
    for (int i = 0; i < columns; i++) {
      kinds.add(i == surelyVector || random.nextBoolean() ? Kind.of(random) : null);
    }
    StructType schema = new StructType();
    for (int i = 0; i < columns; i++) {
      Kind kind = kinds.get(i);
      schema =
          kind == null
              ? schema.add("c" + i, DataTypes.StringType, true)
              : schema.add(
                  "c" + i,
                  DataTypes.createArrayType(kind.element(), kind.nullElements()),
                  kind.nullRows());
    }
    List<Row> rows = new ArrayList<>();
    int count = random.nextInt(800);
    for (int r = 0; r < count; r++) {
      Object[] values = new Object[columns];
      for (int i = 0; i < columns; i++) {
        Kind kind = kinds.get(i);
        values[i] =
            kind != null
                ? kind.value(random)
                : random.nextInt(5) == 0 ? null : "w" + random.nextInt(50);
      }
      rows.add(RowFactory.create(values));
    }
    Map<String, String> settings = settings(random);
    Dataset<Row> table = SPARK.createDataFrame(rows, schema).coalesce(1);
    Path ours = folder.resolve("ours");
    Path sparks = folder.resolve("sparks");
    assertThat(WriterFallback.reason(SPARK, settings, schema)).isNull();
    table.write().options(settings).parquet(sparks.toString());
    WrittenTables.write(table, ours, settings);
    WrittenTables.assertSame(ours, sparks);
  }

  private static Map<String, String> settings(Random random) {
    Map<String, String> settings = new HashMap<>();
    settings.put(
        "parquet.page.size", "" + (random.nextBoolean() ? 1 << 20 : 64 + random.nextInt(5000)));
    settings.put(
        "parquet.block.size",
        "" + (random.nextBoolean() ? 1 << 27 : 5000 + random.nextInt(90_000)));
    settings.put("parquet.page.row.count.limit", "" + (1 + random.nextInt(400)));
    settings.put("parquet.page.size.row.check.min", "" + (1 + random.nextInt(100)));
    settings.put("parquet.page.write-checksum.enabled", "" + random.nextBoolean());
    settings.put("parquet.validation", "" + random.nextBoolean());
    if (random.nextInt(3) == 0) {
      settings.put("parquet.page.value.count.threshold", "" + (1 + random.nextInt(3000)));
    }
    if (random.nextBoolean()) {
      settings.put("compression", List.of("snappy", "zstd", "gzip", "none").get(random.nextInt(4)));
    }
    return settings;
  }
}
