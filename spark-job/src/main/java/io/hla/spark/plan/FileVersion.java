package io.hla.spark.plan;

import io.hla.spark.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.execution.datasources.PartitionedFile;

/**
 * What tells one version of a file from another.
 *
 * @param bytes its length
 * @param modified when it was written, in milliseconds since 1970
 */
record FileVersion(long bytes, long modified) {

  /** The version that Spark listed. */
  static FileVersion of(PartitionedFile file) {
    return new FileVersion(file.fileSize(), file.modificationTime());
  }

  /**
   * Refuses a file that has another version by now.
   *
   * @param failure what that may have led to, or null
   * @throws InputException HLA_INPUT_CHANGED
   */
  void check(Path file, Configuration configuration, Exception failure) {
    try {
      FileStatus status = file.getFileSystem(configuration).getFileStatus(file);
      FileVersion actual = new FileVersion(status.getLen(), status.getModificationTime());
      if (!actual.equals(this)) {
        throw new InputException(
            "HLA_INPUT_CHANGED",
            String.format(
                Locale.ROOT, "%s changed while it was read: it had %s, now %s", file, this, actual),
            failure);
      }
    } catch (FileNotFoundException e) {
      throw new InputException(
          "HLA_INPUT_CHANGED",
          String.format(Locale.ROOT, "%s is gone; it had %s when reading began", file, this),
          failure);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot look at " + file + " again: " + e.getMessage(), e);
    }
  }

  @Override
  public String toString() {
    return bytes + " bytes of " + Instant.ofEpochMilli(modified);
  }
}
