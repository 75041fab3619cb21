package io.hla.spark.plan;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.execution.ColumnarToRowExec;
import org.apache.spark.sql.execution.InputAdapter;
import org.apache.spark.sql.execution.ProjectExec;
import org.apache.spark.sql.execution.SQLExecutionRDD;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.WholeStageCodegenExec;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The rows of a table as its physical plan makes them. Where the plan is a scan in batches and a
 * choice of its columns, rows are views of the batches: Spark would copy arrays into rows element
 * by element.
 */
public final class PhysicalRows {
  private PhysicalRows() {}

  /**
   * The rows of a plan; a row is valid until the next one is asked for.
   *
   * @param conf settings that tasks see
   */
  public static RDD<InternalRow> of(SparkPlan plan, SQLConf conf) {
    RDD<InternalRow> rows = views(plan);
    return new SQLExecutionRDD(CheckedRows.of(rows == null ? plan.execute() : rows), conf);
  }

  /** Null when the plan is another one. */
  private static RDD<InternalRow> views(SparkPlan plan) {
    SparkPlan top = plan instanceof WholeStageCodegenExec stage ? stage.child() : plan;
    List<? extends NamedExpression> columns =
        top instanceof ProjectExec project
            ? CollectionConverters.asJava(project.projectList())
            : CollectionConverters.asJava(top.output());
    SparkPlan rows = top instanceof ProjectExec project ? project.child() : top;
    if (!(rows instanceof ColumnarToRowExec toRows)) {
      return null;
    }
    SparkPlan scan = toRows.child() instanceof InputAdapter input ? input.child() : toRows.child();
    List<Integer> ordinals = ordinals(columns, CollectionConverters.asJava(scan.output()));
    if (!scan.supportsColumnar() || ordinals == null) {
      return null;
    }
    return scan.executeColumnar()
        .toJavaRDD()
        .mapPartitions(batches -> new Views(batches, ordinals), true)
        .rdd();
  }

  /** Where the columns stand in the scan, or null if one of them is computed. */
  private static List<Integer> ordinals(
      List<? extends NamedExpression> columns, List<Attribute> scanned) {
    List<Integer> ordinals = new ArrayList<>();
    for (NamedExpression column : columns) {
      Object source = column instanceof Alias alias ? alias.child() : column;
      int at = -1;
      for (int i = 0; i < scanned.size(); i++) {
        if (source instanceof Attribute attribute
            && scanned.get(i).exprId().equals(attribute.exprId())) {
          at = i;
        }
      }
      if (at < 0) {
        return null;
      }
      ordinals.add(at);
    }
    return ordinals;
  }

  /** The rows of batches, with the columns in another order. */
  private static final class Views implements Iterator<InternalRow> {
    private final Iterator<ColumnarBatch> batches;
    private final List<Integer> ordinals;
    private BatchRow row;
    private int next;
    private int end;

    Views(Iterator<ColumnarBatch> batches, List<Integer> ordinals) {
      this.batches = batches;
      this.ordinals = ordinals;
    }

    @Override
    public boolean hasNext() {
      while (next == end && batches.hasNext()) {
        ColumnarBatch batch = batches.next();
        row = new BatchRow(ordinals.stream().map(batch::column).toArray(ColumnVector[]::new));
        next = 0;
        end = batch.numRows();
      }
      return next < end;
    }

    @Override
    public InternalRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return row.at(next++);
    }
  }
}
