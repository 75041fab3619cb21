package io.hla.spark.plan;

import io.hla.spark.InputException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.Dependency;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.apache.spark.sql.execution.datasources.FileScanRDD;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The files that a table is read from, as they were when Spark listed them. A table is read more
 * than once: states from one version of a file and tokens from another would give wrong outputs
 * that look right.
 */
public final class InputFiles {
  private final Map<Path, FileVersion> versions = new HashMap<>();
  private final Configuration configuration;

  /** The files behind {@code rows}, near or far; tables that are not of files have none. */
  public InputFiles(RDD<?> rows) {
    configuration = rows.context().hadoopConfiguration();
    add(rows);
  }

  private void add(RDD<?> rows) {
    if (rows instanceof FileScanRDD scan) {
      for (FilePartition partition : CollectionConverters.asJava(scan.filePartitions())) {
        for (PartitionedFile file : partition.files()) {
          versions.put(file.toPath(), FileVersion.of(file));
        }
      }
    }
    for (Dependency<?> parent : CollectionConverters.asJava(rows.dependencies())) {
      add(parent.rdd());
    }
  }

  /** Bytes of all of them. */
  public long bytes() {
    return versions.values().stream().mapToLong(FileVersion::bytes).sum();
  }

  /**
   * Does work that reads the files.
   *
   * @throws InputException HLA_INPUT_CHANGED, in place of the result or failure of the work, if a
   *     file is no longer what it was
   */
  public <T> T reading(Supplier<T> work) {
    T result;
    try {
      result = work.get();
    } catch (Exception failure) {
      check(failure);
      throw failure;
    }
    check(null);
    return result;
  }

  /**
   * Looks at the files once more.
   *
   * @throws InputException HLA_INPUT_CHANGED if one is no longer what it was
   */
  public void check() {
    check(null);
  }

  private void check(Exception failure) {
    versions.entrySet().parallelStream()
        .forEach(file -> file.getValue().check(file.getKey(), configuration, failure));
  }
}
