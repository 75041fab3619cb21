package io.hla.spark.plan;

import io.hla.spark.internals.SparkLine;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.Partition;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.apache.spark.sql.execution.datasources.FileScanRDD;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.v2.DataSourceRDD;
import scala.jdk.javaapi.CollectionConverters;

/** Whether two plans over one table read the same rows in the same partitions. */
final class SameRows {
  private SameRows() {}

  /** Both are chains of one-to-one steps over one source, cut into the same splits. */
  static boolean are(RDD<?> one, RDD<?> other) {
    RDD<?> first = source(one);
    RDD<?> second = source(other);
    if (first == null || second == null) {
      return false;
    }
    if (first == second) {
      return true;
    }
    if (first instanceof FileScanRDD files && second instanceof FileScanRDD others) {
      return splits(files).equals(splits(others));
    }
    return first instanceof DataSourceRDD
        && second instanceof DataSourceRDD
        && inputs(first).equals(inputs(second));
  }

  /** Whether rows come from the splits of files, one to one. */
  static boolean isOfFiles(RDD<?> rows) {
    return source(rows) instanceof FileScanRDD;
  }

  /** What the rows come from; null when several partitions go into one. */
  private static RDD<?> source(RDD<?> rows) {
    RDD<?> at = rows;
    while (!(at instanceof FileScanRDD || at instanceof DataSourceRDD)) {
      List<Dependency<?>> parents = List.copyOf(CollectionConverters.asJava(at.dependencies()));
      boolean isStored = at.getStorageLevel().isValid();
      if (parents.isEmpty() || isStored) {
        return at;
      }
      if (parents.size() > 1 || !(parents.get(0) instanceof OneToOneDependency)) {
        return null;
      }
      at = parents.get(0).rdd();
    }
    return at;
  }

  private record Split(String file, long start, long length, long modified) {}

  private static List<List<Split>> splits(FileScanRDD scan) {
    List<List<Split>> partitions = new ArrayList<>();
    for (FilePartition partition : CollectionConverters.asJava(scan.filePartitions())) {
      List<Split> splits = new ArrayList<>();
      for (PartitionedFile file : partition.files()) {
        splits.add(
            new Split(
                file.filePath().toString(), file.start(), file.length(), file.modificationTime()));
      }
      partitions.add(splits);
    }
    return partitions;
  }

  private static List<Object> inputs(RDD<?> scan) {
    List<Object> inputs = new ArrayList<>();
    for (Partition partition : scan.partitions()) {
      inputs.add(SparkLine.input(partition));
    }
    return inputs;
  }
}
