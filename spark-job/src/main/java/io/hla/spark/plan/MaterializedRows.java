package io.hla.spark.plan;

import io.hla.spark.InputException;
import org.apache.spark.Partition;
import org.apache.spark.SparkException;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Rows of a checkpoint on executors; says what it means when an executor took some with it. */
final class MaterializedRows extends RDD<InternalRow> {
  private static final long serialVersionUID = 1L;
  private static final ClassTag<InternalRow> ROW = ClassTag$.MODULE$.apply(InternalRow.class);

  MaterializedRows(RDD<InternalRow> kept) {
    super(kept, ROW);
  }

  @Override
  public Partition[] getPartitions() {
    return firstParent(ROW).partitions();
  }

  @Override
  public Iterator<InternalRow> compute(Partition split, TaskContext task) {
    try {
      return firstParent(ROW).iterator(split, task);
    } catch (Exception e) {
      // Scala declares no checked exceptions.
      if (e instanceof SparkException && String.valueOf(e.getMessage()).contains("heckpoint")) {
        throw new InputException(
            "HLA_INPUT_NONDETERMINISTIC",
            "rows that may differ when they are computed again were lost with an executor; write"
                + " the input to a table first",
            e);
      }
      throw e;
    }
  }
}
