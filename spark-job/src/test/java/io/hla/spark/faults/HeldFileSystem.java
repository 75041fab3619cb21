package io.hla.spark.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The local file system, which waits in front of one rename so that somebody can kill the process
 * there:
 *
 * <ul>
 *   <li>{@code fault.rename}: pattern of the rename, as its paths with a space between them
 *   <li>{@code fault.folder}: takes a file {@code reached-PID} from a JVM that got there
 * </ul>
 */
public final class HeldFileSystem extends LocalFileSystem {
  private static final long HOLD_SECONDS = 240;

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    String rename = from.toUri().getPath() + " " + to.toUri().getPath();
    if (rename.matches(getConf().get("fault.rename"))) {
      hold(java.nio.file.Path.of(getConf().get("fault.folder")));
    }
    return super.rename(from, to);
  }

  private static void hold(java.nio.file.Path folder) throws IOException {
    Files.writeString(folder.resolve("reached-" + ProcessHandle.current().pid()), "");
    try {
      TimeUnit.SECONDS.sleep(HOLD_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new IOException("nobody killed the process");
  }
}
