package io.hla.spark.stream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.StructType;

/** Files that arrive in a folder, each a micro-batch of a query that writes Parquet. */
public final class ArrivingFiles {
  private final SparkSession spark;
  private final StructType schema;
  private final Path folder;
  private int files;

  public ArrivingFiles(SparkSession spark, StructType schema, Path folder) throws IOException {
    this.spark = spark;
    this.schema = schema;
    this.folder = folder;
    Files.createDirectories(input());
  }

  Path input() {
    return folder.resolve("in");
  }

  Path output() {
    return folder.resolve("out");
  }

  public Path checkpoint() {
    return folder.resolve("checkpoint");
  }

  /** Another file with these rows, in their order. */
  public ArrivingFiles add(List<Row> rows) {
    Path written = folder.resolve("written-" + files);
    spark.createDataFrame(rows, schema).coalesce(1).write().parquet(written.toString());
    try (Stream<Path> found = Files.list(written)) {
      Path file = found.filter(path -> path.toString().endsWith(".parquet")).findAny().get();
      // The source takes files in the order of their times.
      Files.setLastModifiedTime(file, FileTime.fromMillis(1_700_000_000_000L + 10_000L * files));
      Files.move(file, input().resolve(String.format("%05d.parquet", files++)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  Dataset<Row> stream() {
    return spark
        .readStream()
        .schema(schema)
        .option("maxFilesPerTrigger", 1)
        .parquet(input().toString());
  }

  /** Runs a query over all files that have arrived since the last run; all that it has written. */
  public Dataset<Row> run(UnaryOperator<Dataset<Row>> query) {
    try {
      query
          .apply(stream())
          .writeStream()
          .option("checkpointLocation", checkpoint().toString())
          .trigger(Trigger.AvailableNow())
          .start(output().toString())
          .awaitTermination();
    } catch (StreamingQueryException e) {
      throw new IllegalStateException(e);
    }
    return spark.read().parquet(output().toString());
  }
}
