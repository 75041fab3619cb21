package io.hla.spark.output;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Stands for a table that is not wanted. */
final class NoTable extends OutputTable {
  NoTable(SparkSession spark, TableRequest request) {
    super(spark, request);
  }

  @Override
  public String place() {
    return null;
  }

  @Override
  public String format() {
    return null;
  }

  @Override
  public Dataset<Row> read() {
    throw new IllegalStateException("there is no --" + option());
  }

  @Override
  public void stage(Dataset<Row> rows, Map<String, String> options, Consumer<Runnable> phase) {}

  @Override
  boolean exists() {
    return false;
  }

  @Override
  boolean has(String runId) {
    return false;
  }

  @Override
  void recover(Consumer<String> tell) {}

  @Override
  void checkWritable() {}

  @Override
  boolean isAt(TableInput input) {
    return false;
  }

  @Override
  void checkOutside(TableInput input) {}

  @Override
  void checkHoldsNot(Path folder) {}

  @Override
  void checkApart(OutputTable other) {}

  @Override
  public void close() {}
}
