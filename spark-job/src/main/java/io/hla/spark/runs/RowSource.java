package io.hla.spark.runs;

import java.net.URI;
import java.net.URISyntaxException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.InputFileBlockHolder;

/** Where the rows of a task come from, as messages name it. */
final class RowSource {
  private RowSource() {}

  /** The file of the row that was read last; {@code partition 3} where rows come from no file. */
  static String of(int partition) {
    String file = file();
    return file.isEmpty() ? "partition " + partition : file;
  }

  /** The same behind {@code of a file}; nothing where rows come from no file. */
  static String inFile() {
    String file = file();
    return file.isEmpty() ? "" : " in " + file;
  }

  private static String file() {
    if (TaskContext.get() == null) {
      // Threads inherit the place of the name: whoever asks outside a task makes tasks share it.
      return "";
    }
    String file = InputFileBlockHolder.getInputFilePath().toString();
    try {
      return file.isEmpty() ? "" : new Path(new URI(file)).toString();
    } catch (URISyntaxException e) {
      // Some sources name files as they are, with characters that no URI has.
      return file;
    }
  }
}
