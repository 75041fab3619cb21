package io.hla.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;

/** A table read twice: by Spark's reader, and with vectors from pages. */
record RawScan(Dataset<Row> sparks, Dataset<Row> ours, ReadCounts counts) {

  static RawScan of(SparkSession spark, Path path) {
    return of(spark, spark.read().parquet(path.toString()));
  }

  static RawScan of(SparkSession spark, Dataset<Row> table) {
    ReadCounts counts = ReadCounts.of(spark.sparkContext());
    LogicalPlan plan =
        ((org.apache.spark.sql.classic.Dataset<Row>) table).queryExecution().analyzed();
    return new RawScan(
        table,
        org.apache.spark.sql.classic.Dataset.ofRows(
            (org.apache.spark.sql.classic.SparkSession) spark, plan.transformUp(raw(counts))),
        counts);
  }

  private static PartialFunction<LogicalPlan, LogicalPlan> raw(ReadCounts counts) {
    return new AbstractPartialFunction<>() {
      @Override
      public boolean isDefinedAt(LogicalPlan node) {
        return node instanceof LogicalRelation relation
            && relation.relation() instanceof HadoopFsRelation files
            && !(files.fileFormat() instanceof VectorScanFormat);
      }

      @Override
      public LogicalPlan apply(LogicalPlan node) {
        LogicalRelation relation = (LogicalRelation) node;
        HadoopFsRelation files = (HadoopFsRelation) relation.relation();
        return relation.copy(
            new HadoopFsRelation(
                files.location(),
                files.partitionSchema(),
                files.dataSchema(),
                files.bucketSpec(),
                new VectorScanFormat(counts),
                files.options(),
                files.sparkSession()),
            relation.output(),
            relation.catalogTable(),
            relation.isStreaming(),
            relation.stream());
      }
    };
  }

  /** The batches of our scan. */
  JavaRDD<ColumnarBatch> columnar() {
    SparkPlan plan =
        ((org.apache.spark.sql.classic.Dataset<Row>) ours).queryExecution().sparkPlan();
    return plan.executeColumnar().toJavaRDD();
  }

  /** The rows are the same to the bit, in the same order; gives their number. */
  long assertSame() {
    List<UnsafeRow> expected = rows(sparks);
    List<UnsafeRow> actual = rows(ours);
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(actual.get(i)).as("row %d", i).isEqualTo(expected.get(i));
    }
    return expected.size();
  }

  /** All rows, and all of them from raw pages. */
  void assertRaw() {
    long rows = assertSame();
    assertThat((Long) counts.raw().value()).isEqualTo(rows);
    assertThat((Long) counts.fallbacks().value()).isZero();
  }

  /** All rows, some number of splits of them from Spark's reader. */
  void assertFallenBack() {
    assertSame();
    assertThat((Long) counts.fallbacks().value()).isPositive();
  }

  private static List<UnsafeRow> rows(Dataset<Row> table) {
    List<UnsafeRow> rows = new ArrayList<>();
    List<InternalRow> collected =
        ((org.apache.spark.sql.classic.Dataset<Row>) table)
            .queryExecution()
            .toRdd()
            .toJavaRDD()
            .map(InternalRow::copy)
            .collect();
    collected.forEach(row -> rows.add((UnsafeRow) row));
    return rows;
  }
}
