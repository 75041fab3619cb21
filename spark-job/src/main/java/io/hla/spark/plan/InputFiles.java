package io.hla.spark.plan;

import io.hla.spark.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
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
  private final Map<Path, Version> versions = new HashMap<>();
  private final Configuration configuration;

  private record Version(long bytes, long modified) {
    @Override
    public String toString() {
      return bytes + " bytes of " + Instant.ofEpochMilli(modified);
    }
  }

  /** The files behind {@code rows}, near or far; tables that are not of files have none. */
  InputFiles(RDD<?> rows) {
    configuration = rows.context().hadoopConfiguration();
    add(rows);
  }

  private void add(RDD<?> rows) {
    if (rows instanceof FileScanRDD scan) {
      for (FilePartition partition : CollectionConverters.asJava(scan.filePartitions())) {
        for (PartitionedFile file : partition.files()) {
          versions.put(file.toPath(), new Version(file.fileSize(), file.modificationTime()));
        }
      }
    }
    for (Dependency<?> parent : CollectionConverters.asJava(rows.dependencies())) {
      add(parent.rdd());
    }
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
        .forEach(file -> check(file.getKey(), file.getValue(), failure));
  }

  private void check(Path file, Version expected, Exception failure) {
    try {
      FileStatus status = file.getFileSystem(configuration).getFileStatus(file);
      Version actual = new Version(status.getLen(), status.getModificationTime());
      if (!actual.equals(expected)) {
        throw new InputException(
            "HLA_INPUT_CHANGED",
            String.format(
                "%s changed while it was read: it had %s, now %s", file, expected, actual),
            failure);
      }
    } catch (FileNotFoundException e) {
      throw new InputException(
          "HLA_INPUT_CHANGED",
          String.format("%s is gone; it had %s when reading began", file, expected),
          failure);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot look at " + file + " again: " + e.getMessage(), e);
    }
  }
}
