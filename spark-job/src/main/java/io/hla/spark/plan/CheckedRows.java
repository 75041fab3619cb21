package io.hla.spark.plan;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Partition;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.util.SerializableConfiguration;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Rows of files. Behind the last row of a split a task looks whether its files are still what they
 * were when Spark listed them: so no table that commits when its tasks are done, be it a lake's,
 * can hold outputs of files that changed.
 */
public final class CheckedRows extends RDD<InternalRow> {
  private static final long serialVersionUID = 1L;
  private static final ClassTag<InternalRow> ROW = ClassTag$.MODULE$.apply(InternalRow.class);

  private final Broadcast<SerializableConfiguration> configuration;

  private CheckedRows(RDD<InternalRow> rows) {
    super(rows, ROW);
    configuration =
        new JavaSparkContext(rows.context())
            .broadcast(new SerializableConfiguration(rows.context().hadoopConfiguration()));
  }

  /** The same rows, checked where they come from splits of files one to one. */
  public static RDD<InternalRow> of(RDD<InternalRow> rows) {
    return SameRows.isOfFiles(rows) ? new CheckedRows(rows) : rows;
  }

  @Override
  public Partition[] getPartitions() {
    return firstParent(ROW).partitions();
  }

  @Override
  public Iterator<InternalRow> compute(Partition split, TaskContext task) {
    Iterator<InternalRow> rows = firstParent(ROW).iterator(split, task);
    return split instanceof FilePartition files
        ? new Checked(rows, files, configuration.value().value())
        : rows;
  }

  private static final class Checked extends AbstractIterator<InternalRow> {
    private final Iterator<InternalRow> rows;
    private final FilePartition files;
    private final Configuration configuration;
    private boolean checked;

    Checked(Iterator<InternalRow> rows, FilePartition files, Configuration configuration) {
      this.rows = rows;
      this.files = files;
      this.configuration = configuration;
    }

    @Override
    public boolean hasNext() {
      if (rows.hasNext()) {
        return true;
      }
      if (!checked) {
        for (PartitionedFile file : files.files()) {
          FileVersion.of(file).check(file.toPath(), configuration, null);
        }
        checked = true;
      }
      return false;
    }

    @Override
    public InternalRow next() {
      return rows.next();
    }
  }
}
