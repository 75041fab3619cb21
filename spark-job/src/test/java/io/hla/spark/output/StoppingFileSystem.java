package io.hla.spark.output;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local file system, which after a number of changes makes no more of them, as one that is seen
 * by a process that was killed there.
 */
public final class StoppingFileSystem extends LocalFileSystem {
  private static int left = Integer.MAX_VALUE;

  /** Makes file systems of a configuration stop when they are told to. */
  static void install(Configuration configuration) {
    configuration.set("fs.file.impl", StoppingFileSystem.class.getName());
    configuration.set("fs.file.impl.disable.cache", "true");
  }

  static void uninstall(Configuration configuration) {
    go();
    configuration.set("fs.file.impl", LocalFileSystem.class.getName());
    configuration.set("fs.file.impl.disable.cache", "false");
  }

  /** Stops behind a number of changes. */
  static synchronized void stopBehind(int changes) {
    left = changes;
  }

  static synchronized void go() {
    left = Integer.MAX_VALUE;
  }

  private static synchronized void change() throws IOException {
    if (left == 0) {
      throw new IOException("the process is dead");
    }
    left--;
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    change();
    return super.rename(from, to);
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    change();
    return super.delete(path, recursive);
  }

  @Override
  public boolean mkdirs(Path path) throws IOException {
    change();
    return super.mkdirs(path);
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    change();
    return super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress);
  }
}
