package io.hla.spark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Tables whose files hold exactly the rows that a test wants in them. */
public final class TokenFiles {
  private TokenFiles() {}

  /** {@code parts} pieces of consecutive rows, no two of them of one length where that can be. */
  public static List<List<Row>> split(List<Row> rows, int parts) {
    List<List<Row>> pieces = new ArrayList<>();
    int weights = parts * (parts + 1) / 2;
    int from = 0;
    for (int i = 0, weight = 0; i < parts; i++) {
      weight += i + 1;
      int to = i + 1 == parts ? rows.size() : Math.max(from + 1, rows.size() * weight / weights);
      to = Math.min(to, rows.size() - (parts - 1 - i));
      pieces.add(List.copyOf(rows.subList(from, to)));
      from = to;
    }
    return pieces;
  }

  /** The same rows in {@code parts} pieces that know nothing of order. */
  public static List<List<Row>> scatter(List<Row> rows, int parts, long seed) {
    List<Row> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(seed));
    return split(shuffled, parts);
  }

  /** Writes piece i to the Parquet file number i. */
  public static Path write(
      SparkSession spark, StructType schema, List<List<Row>> pieces, Path folder) {
    partitioned(spark, schema, pieces).write().parquet(folder.toString());
    return folder;
  }

  /** The same as a table in memory. */
  public static Dataset<Row> partitioned(
      SparkSession spark, StructType schema, List<List<Row>> pieces) {
    JavaRDD<Row> rows =
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(pieces, Math.max(1, pieces.size()))
            .flatMap(List::iterator);
    return spark.createDataFrame(rows, schema);
  }

  /** The pieces in an order that is not theirs. */
  public static List<List<Row>> shuffled(List<List<Row>> pieces, long seed) {
    List<List<Row>> shuffled = new ArrayList<>(pieces);
    Collections.shuffle(shuffled, new Random(seed));
    return shuffled;
  }
}
