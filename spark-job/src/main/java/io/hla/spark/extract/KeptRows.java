package io.hla.spark.extract;

import io.hla.spark.runs.PlannedRun;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.storage.StorageLevel;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Rows of hidden vectors of which those are kept, on the disks of executors, that more than one
 * pass reads: partitions with a run that is summarized. Others are made when they are read. What
 * was lost with an executor is made again, with the same bits.
 */
final class KeptRows extends RDD<InternalRow> {
  private static final long serialVersionUID = 1L;
  private static final ClassTag<InternalRow> ROW = ClassTag$.MODULE$.apply(InternalRow.class);

  @SuppressWarnings("serial")
  private final RDD<InternalRow> rows;

  @SuppressWarnings("serial")
  private final RDD<byte[]> kept;

  @SuppressWarnings("serial")
  private final RDD<PlannedRun> runs;

  private final int columns;

  private KeptRows(RDD<InternalRow> rows, RDD<byte[]> kept, RDD<PlannedRun> runs, int columns) {
    super(
        rows.sparkContext(),
        CollectionConverters.asScala(
                List.<Dependency<?>>of(
                    new OneToOneDependency<>(rows),
                    new OneToOneDependency<>(kept),
                    new OneToOneDependency<>(runs)))
            .toSeq(),
        ROW);
    this.rows = rows;
    this.kept = kept;
    this.runs = runs;
    this.columns = columns;
  }

  /**
   * Keeps rows from the first time that they are read until {@link #forget}.
   *
   * @param runs of the same partitions
   */
  static KeptRows of(JavaRDD<InternalRow> rows, JavaRDD<PlannedRun> runs, HiddenLayout layout) {
    JavaRDD<byte[]> packed = rows.mapPartitions(it -> new PackedRows.Packer(it, layout), true);
    packed.persist(StorageLevel.DISK_ONLY());
    return new KeptRows(rows.rdd(), packed.rdd(), runs.rdd(), layout.columns());
  }

  /** Gives the disks back. */
  void forget() {
    kept.unpersist(false);
  }

  /** A partition of all three. */
  private record Parts(int index, Partition rows, Partition kept, Partition runs)
      implements Partition {}

  @Override
  public Partition[] getPartitions() {
    Partition[] all = rows.partitions();
    Partition[] parts = new Partition[all.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = new Parts(i, all[i], kept.partitions()[i], runs.partitions()[i]);
    }
    return parts;
  }

  @Override
  public scala.collection.Iterator<InternalRow> compute(Partition split, TaskContext task) {
    Parts parts = (Parts) split;
    Iterator<PlannedRun> planned = CollectionConverters.asJava(runs.iterator(parts.runs(), task));
    boolean read = false;
    while (planned.hasNext() && !read) {
      read = planned.next().summarized();
    }
    return read
        ? CollectionConverters.asScala(
            new PackedRows.Reader(
                CollectionConverters.asJava(kept.iterator(parts.kept(), task)), columns))
        : rows.iterator(parts.rows(), task);
  }
}
