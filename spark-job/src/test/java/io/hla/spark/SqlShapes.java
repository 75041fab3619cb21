package io.hla.spark;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;

import io.hla.algebra.AttentionSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/** Queries over attention outputs that give all of its rows (seq, pos, o), each in its own way. */
final class SqlShapes {
  static final AttentionSettings SETTINGS =
      AttentionSettings.builder(3, 3).heads(2, 1).decay(0.9).build();
  static final int ROWS = 100;
  private static final long SEED = 31;

  private final SparkSession spark;
  private final Path folder;
  private final Attention request = TestJob.request(SETTINGS);

  /** Gives rows (seq, pos, o). */
  interface Shape {
    Dataset<Row> of(Dataset<Row> tokens, Dataset<Row> outputs);
  }

  /**
   * @param folder has the tokens, and is written to
   */
  SqlShapes(SparkSession spark, Path folder) {
    this.spark = spark;
    this.folder = folder;
  }

  static void writeTokens(SparkSession spark, Path folder) {
    TokenStream stream = TokenStream.normal(SETTINGS, 60, SEED);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(stream.rows("a", -4), 3));
    pieces.addAll(TokenFiles.split(stream.slice(20, 60).rows("b", 0), 2));
    TokenFiles.write(
        spark, TokenStream.SCHEMA, TokenFiles.shuffled(pieces, SEED), folder.resolve("tokens"));
  }

  Dataset<Row> tokens() {
    return spark.read().parquet(folder.resolve("tokens").toString());
  }

  Dataset<Row> outputs() {
    return request.attend(tokens());
  }

  /** What all shapes but the chained ones give. */
  Map<Object, double[]> expected() {
    return TestJob.bySequence(request.run(tokens()).outputs());
  }

  /** What the shape gives, from outputs that nobody asked for before. */
  Map<Object, double[]> given(Shape shape) {
    Dataset<Row> tokens = tokens();
    Dataset<Row> outputs = request.attend(tokens);
    outputs.createOrReplaceTempView("outputs");
    Map<Object, double[]> given = TestJob.bySequence(shape.of(tokens, outputs));
    spark.catalog().clearCache();
    return given;
  }

  /** The shapes, by name. */
  Map<String, Shape> all() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("view", (tokens, outputs) -> spark.sql("SELECT * FROM outputs"));
    shapes.put(
        "view over view",
        (tokens, outputs) -> {
          spark.sql("CREATE OR REPLACE TEMP VIEW above AS SELECT pos, o, seq FROM outputs");
          return spark.sql("SELECT * FROM above");
        });
    shapes.put(
        "CTE used twice",
        (tokens, outputs) ->
            spark.sql(
                "WITH c AS (SELECT * FROM outputs) SELECT a.seq, b.pos, b.o FROM c a JOIN c b"
                    + " ON a.seq = b.seq AND a.pos = b.pos AND a.o = b.o"));
    shapes.put(
        "CACHE TABLE AS",
        (tokens, outputs) -> {
          spark.catalog().dropTempView("kept");
          spark.sql("CACHE TABLE kept AS SELECT seq, o, pos FROM outputs");
          return spark.sql("SELECT * FROM kept");
        });
    shapes.put("cached", (tokens, outputs) -> outputs.cache());
    shapes.put(
        "self-join",
        (tokens, outputs) ->
            spark.sql(
                "SELECT a.seq, b.pos, b.o FROM outputs a JOIN outputs b"
                    + " ON a.seq = b.seq AND a.pos = b.pos AND a.o = b.o"));
    shapes.put(
        "self-join with columns of the child",
        (tokens, outputs) ->
            tokens
                .join(
                    outputs,
                    tokens
                        .col("seq")
                        .equalTo(outputs.col("seq"))
                        .and(tokens.col("pos").equalTo(outputs.col("pos"))))
                .select(tokens.col("seq"), outputs.col("pos"), outputs.col("o")));
    shapes.put(
        "union",
        (tokens, outputs) ->
            spark.sql(
                "SELECT seq, pos, o FROM (SELECT * FROM outputs UNION ALL SELECT * FROM outputs)"
                    + " GROUP BY seq, pos, o HAVING count(*) = 2"));
    shapes.put(
        "scalar subquery",
        (tokens, outputs) ->
            spark.sql("SELECT * FROM outputs WHERE pos <= (SELECT max(pos) FROM outputs)"));
    shapes.put(
        "IN subquery",
        (tokens, outputs) ->
            spark.sql("SELECT * FROM outputs WHERE pos IN (SELECT pos FROM outputs)"));
    shapes.put(
        "broadcast side",
        (tokens, outputs) ->
            tokens
                .select("seq", "pos")
                .join(
                    broadcast(outputs),
                    scala.jdk.javaapi.CollectionConverters.asScala(List.of("seq", "pos")).toSeq()));
    shapes.put(
        "broadcasts below and above",
        (tokens, outputs) -> {
          Dataset<Row> names = tokens.select("seq").distinct();
          Dataset<Row> named = request.attend(tokens.join(broadcast(names), "seq"));
          return outputs
              .as("one")
              .join(
                  broadcast(named.as("other")),
                  col("one.seq")
                      .equalTo(col("other.seq"))
                      .and(col("one.pos").equalTo(col("other.pos"))))
              .select("one.seq", "other.pos", "other.o");
        });
    shapes.put("sorted", (tokens, outputs) -> outputs.orderBy(col("pos").desc()));
    shapes.put(
        "window",
        (tokens, outputs) ->
            spark.sql(
                "SELECT seq, pos, lag(o, -1) OVER (PARTITION BY seq ORDER BY pos DESC) AS before,"
                    + " o FROM outputs"));
    shapes.put(
        "Parquet",
        (tokens, outputs) -> {
          String path = folder.resolve("written").toString();
          outputs.write().mode(SaveMode.Overwrite).parquet(path);
          return spark.read().parquet(path);
        });
    shapes.put(
        "saveAsTable",
        (tokens, outputs) -> {
          outputs.write().mode(SaveMode.Overwrite).saveAsTable("saved");
          return spark.table("saved");
        });
    shapes.put(
        "CREATE TABLE AS and INSERT",
        (tokens, outputs) -> {
          spark.sql("DROP TABLE IF EXISTS created");
          spark.sql("CREATE TABLE created USING parquet AS SELECT * FROM outputs WHERE seq = 'a'");
          spark.sql("INSERT INTO created SELECT * FROM outputs WHERE seq <> 'a'");
          return spark.table("created");
        });
    return shapes;
  }

  /** Attention over attention over attention, straight or through written tables. */
  Map<Object, double[]> chained(boolean written) {
    Dataset<Row> rows = request.keep("k", "v").attend(tokens());
    for (int i = 1; i <= 2; i++) {
      if (written) {
        String path = folder.resolve("chained" + i).toString();
        rows.write().mode(SaveMode.Overwrite).parquet(path);
        rows = spark.read().parquet(path);
      }
      rows = request.columns("seq", "pos", "o", "k", "v").keep("k", "v").attend(rows);
    }
    return TestJob.bySequence(rows);
  }
}
