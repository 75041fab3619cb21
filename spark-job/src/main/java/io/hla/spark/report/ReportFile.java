package io.hla.spark.report;

import io.hla.spark.InputException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** A file of a report, in any file system of Hadoop. */
public final class ReportFile {
  private final FileSystem files;
  private final Path path;

  private ReportFile(FileSystem files, Path path) {
    this.files = files;
    this.path = path;
  }

  /**
   * A file that can be written: it is, with nothing but what is known at the beginning.
   *
   * @throws InputException HLA_REPORT_PATH if it cannot be written
   */
  public static ReportFile open(Configuration configuration, String name, String text) {
    try {
      Path path = new Path(name);
      FileSystem files = path.getFileSystem(configuration);
      // Without a file of checksums beside it, which nobody expects there.
      FileSystem plain = files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
      ReportFile file = new ReportFile(plain, plain.makeQualified(path));
      file.put(text);
      return file;
    } catch (IOException | IllegalArgumentException e) {
      throw new InputException(
          "HLA_REPORT_PATH",
          String.format(Locale.ROOT, "--report %s: %s", name, e.getMessage()),
          e);
    }
  }

  /** Replaces what the file holds. */
  public void write(String text) {
    try {
      put(text);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the report " + path + ": " + e.getMessage(), e);
    }
  }

  private void put(String text) throws IOException {
    try (OutputStream out = files.create(path, true)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }
}
