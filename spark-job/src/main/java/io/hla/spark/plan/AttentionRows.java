package io.hla.spark.plan;

import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.collection.Iterator;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * The rows of a node. Whoever asks for partitions or dependencies first has the states prepared, on
 * the own thread: with the caller's job group, tags and SQL execution. What failed is not kept, so
 * that the next one tries again.
 */
final class AttentionRows extends RDD<InternalRow> {
  private static final long serialVersionUID = 1L;
  private static final ClassTag<InternalRow> ROW = ClassTag$.MODULE$.apply(InternalRow.class);

  private final transient AttentionExec node;

  AttentionRows(AttentionExec node) {
    super(
        node.session().sparkContext(),
        CollectionConverters.asScala(List.<Dependency<?>>of()).toSeq(),
        ROW);
    this.node = node;
  }

  /** Those that other rows are made of, one behind the other; nothing is computed for it. */
  static AttentionRows in(RDD<?> rows) {
    RDD<?> found = rows;
    while (!(found instanceof AttentionRows)) {
      found = CollectionConverters.asJava(found.dependencies()).get(0).rdd();
    }
    return (AttentionRows) found;
  }

  AttentionExec node() {
    return node;
  }

  @Override
  public Seq<Dependency<?>> getDependencies() {
    Dependency<?> parent = new OneToOneDependency<>(node.plan().rows(node));
    return CollectionConverters.asScala(List.<Dependency<?>>of(parent)).toSeq();
  }

  @Override
  public Partition[] getPartitions() {
    return firstParent(ROW).partitions();
  }

  @Override
  public Iterator<InternalRow> compute(Partition split, TaskContext task) {
    return firstParent(ROW).iterator(split, task);
  }
}
