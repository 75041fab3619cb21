package io.hla.spark.stream;

import io.hla.spark.Attention;
import io.hla.spark.TestSpark;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.apache.spark.sql.types.StructType;

/** A process whose query goes on until somebody ends it; says when a micro-batch is done. */
final class StreamProcess {
  private StreamProcess() {}

  /** The request of the process. */
  static Dataset<Row> query(Dataset<Row> tokens) {
    return Attention.hla2().numHeads(2).decay(0.97, 1.0).stream(tokens, null);
  }

  /** {@code args}: the folder of an {@link ArrivingFiles}, and the schema of its files. */
  public static void main(String[] args) throws Exception {
    SparkSession spark = TestSpark.open();
    spark.conf().set("spark.sql.shuffle.partitions", 2);
    ArrivingFiles files = new ArrivingFiles(spark, StructType.fromDDL(args[1]), Path.of(args[0]));
    // A table, in a process that has had no query.
    query(spark.read().parquet(files.input().toString())).count();
    spark
        .streams()
        .addListener(
            new StreamingQueryListener() {
              @Override
              public void onQueryStarted(QueryStartedEvent event) {}

              @Override
              public void onQueryProgress(QueryProgressEvent event) {
                System.out.println("done " + event.progress().batchId());
              }

              @Override
              public void onQueryTerminated(QueryTerminatedEvent event) {}
            });
    query(files.stream())
        .writeStream()
        .option("checkpointLocation", files.checkpoint().toString())
        .start(files.output().toString())
        .awaitTermination();
  }
}
