package io.hla.spark.output;

import io.hla.spark.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/**
 * A table that is written whole or not at all. Spark's writer and commit protocol fill a hidden
 * folder beside the target, which is renamed when all of it is there: a job that fails or is killed
 * leaves the target as it was. Appending writes into the target through Spark's protocol alone.
 */
public final class OutputTable implements AutoCloseable {
  private final SparkContext context;
  private final Configuration configuration;
  private final Path target;
  private final OutputFormat format;
  private final SaveMode mode;

  /** {@code name} is the option that the path came from. */
  private final String name;

  private StagingFolder staging;

  /** A table at {@code path}; null stands for a table that is not wanted. */
  public OutputTable(SparkSession spark, String name, String path, String format, SaveMode mode) {
    this.context = spark.sparkContext();
    this.configuration = context.hadoopConfiguration();
    this.name = name;
    this.target = path == null ? null : qualify(new Path(path));
    this.format = new OutputFormat(spark, name, format);
    this.mode = mode;
  }

  /**
   * Refuses targets that exist although they must not, that touch an input, or each other.
   *
   * @return false if one of them exists and the mode is to leave it
   */
  public static boolean prepare(List<OutputTable> tables, List<String> inputs) {
    boolean all = true;
    for (OutputTable table : tables) {
      all &= table.prepare(inputs);
      tables.stream().filter(other -> other != table).forEach(table::checkApart);
    }
    return all;
  }

  /**
   * Refuses a target that exists although it must not, or that touches an input.
   *
   * @return false if it exists and the mode is to leave it
   */
  public boolean prepare(List<String> inputs) {
    if (target == null) {
      return true;
    }
    inputs.forEach(this::checkOutside);
    format.check();
    boolean exists = exists(target);
    if (exists && mode == SaveMode.ErrorIfExists) {
      throw new InputException(
          "HLA_OUTPUT_EXISTS",
          String.format(
              "--%s %s exists, expected a new path (or --mode overwrite, append, ignore)",
              name, target));
    }
    boolean writes = !exists || mode != SaveMode.Ignore;
    if (writes && !(exists && mode == SaveMode.Append)) {
      checkWritable();
    }
    return writes;
  }

  /** Refuses a target where no folder can be made, before anything is computed for it. */
  private void checkWritable() {
    Path folder = target.getParent();
    try {
      FileSystem files = target.getFileSystem(configuration);
      while (!files.exists(folder)) {
        folder = folder.getParent();
      }
      if (!files.getFileStatus(folder).isDirectory()) {
        throw new InputException(
            "HLA_OUTPUT_PATH",
            String.format("--%s %s cannot be made: %s is not a folder", name, target, folder));
      }
      Path probe = new Path(folder, aside("probe").getName());
      if (!files.mkdirs(probe)) {
        throw new IOException("the file system refused to make a folder");
      }
      files.delete(probe, true);
    } catch (IOException e) {
      throw new InputException(
          "HLA_OUTPUT_PATH",
          String.format(
              "--%s %s cannot be made: nothing can be written in %s: %s",
              name, target, folder, e.getMessage()),
          e);
    }
  }

  /** Refuses to lie in something that the job reads, or around it. */
  public void checkOutside(String input) {
    for (Path path : target == null ? new Path[0] : matches(new Path(input))) {
      if (isWithin(target, path) || isWithin(path, target)) {
        throw new InputException(
            "HLA_OUTPUT_IN_INPUT",
            String.format("--%s %s and input %s lie in one another", name, target, path));
      }
    }
  }

  /** Refuses two tables in one place. */
  public void checkApart(OutputTable other) {
    if (other.target != null
        && (isWithin(target, other.target) || isWithin(other.target, target))) {
      throw new InputException(
          "HLA_OUTPUT_PATH",
          String.format(
              "--%s %s and --%s %s lie in one another", name, target, other.name, other.target));
    }
  }

  /**
   * Writes the rows where nobody sees them yet; when appending, into the table.
   *
   * @param options of the format's writer; {@code vectors} names columns of arrays of numbers that
   *     are written faster where the format is Parquet
   */
  public void stage(Dataset<Row> rows, Map<String, String> options) {
    if (mode == SaveMode.Append && exists(target)) {
      format.checkSameColumns(target, rows.schema());
      format.save(rows.write().mode(SaveMode.Append), options, target);
      return;
    }
    staging = new StagingFolder(context, aside("staging"));
    format.save(rows.write(), options, staging.path());
  }

  /** Makes the staged rows the table. */
  public void publish() {
    if (staging == null) {
      return;
    }
    try {
      swap(staging.path());
      staging.moved();
    } catch (IOException e) {
      throw new UncheckedIOException(
          String.format("cannot move %s to %s: %s", staging.path(), target, e.getMessage()), e);
    }
  }

  /** Removes what was staged and not published. */
  @Override
  public void close() {
    if (staging != null) {
      staging.close();
    }
  }

  private void swap(Path staged) throws IOException {
    FileSystem files = target.getFileSystem(configuration);
    Path previous = null;
    if (files.exists(target)) {
      if (mode != SaveMode.Overwrite) {
        throw new InputException(
            "HLA_OUTPUT_EXISTS",
            String.format("--%s %s came into being while the job ran", name, target));
      }
      previous = aside("previous");
      rename(files, target, previous);
    }
    try {
      rename(files, staged, target);
    } catch (IOException e) {
      if (previous != null) {
        rename(files, previous, target);
      }
      throw e;
    }
    if (previous != null) {
      StagingFolder.delete(context, previous);
    }
  }

  private static void rename(FileSystem files, Path from, Path to) throws IOException {
    if (!files.rename(from, to)) {
      throw new IOException("the file system refused to rename " + from + " to " + to);
    }
  }

  private Path aside(String purpose) {
    return new Path(
        target.getParent(), "." + target.getName() + "." + purpose + "-" + UUID.randomUUID());
  }

  private boolean exists(Path path) {
    try {
      return path.getFileSystem(configuration).exists(path);
    } catch (IOException e) {
      throw new InputException("HLA_OUTPUT_PATH", path + ": " + e.getMessage(), e);
    }
  }

  private Path[] matches(Path pattern) {
    try {
      Path qualified = qualify(pattern);
      FileStatus[] found = qualified.getFileSystem(configuration).globStatus(qualified);
      if (found == null || found.length == 0) {
        throw new InputException("HLA_INPUT_MISSING", "no file at " + pattern);
      }
      Path[] paths = new Path[found.length];
      for (int i = 0; i < found.length; i++) {
        paths[i] = found[i].getPath();
      }
      return paths;
    } catch (IOException e) {
      throw new InputException("HLA_INPUT_MISSING", pattern + ": " + e.getMessage(), e);
    }
  }

  private Path qualify(Path path) {
    try {
      return path.getFileSystem(configuration).makeQualified(path);
    } catch (IOException e) {
      throw new InputException(
          "HLA_PATH", String.format(Locale.ROOT, "%s: %s", path, e.getMessage()), e);
    }
  }

  private static boolean isWithin(Path inner, Path outer) {
    for (Path path = inner; path != null; path = path.getParent()) {
      if (path.equals(outer)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the table would be the one at another path. */
  public boolean isAt(String path) {
    return target != null && target.equals(qualify(new Path(path)));
  }

  /** Whether there is a table to write. */
  public boolean isWanted() {
    return target != null;
  }

  /** The option that the path came from. */
  public String option() {
    return name;
  }

  /** Where the table is, or null. */
  public String path() {
    return target == null ? null : target.toString();
  }
}
