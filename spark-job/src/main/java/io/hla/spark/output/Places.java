package io.hla.spark.output;

import io.hla.spark.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Where paths lead, whatever they are called: links and mounts of local files, mounts of view file
 * systems and the several names of one cluster are seen through.
 */
final class Places {
  private final Configuration configuration;

  Places(Configuration configuration) {
    this.configuration = configuration;
  }

  FileSystem files(Path path) throws IOException {
    return path.getFileSystem(configuration);
  }

  /** A path below another, whatever characters its name has. */
  static Path child(Path folder, String name) {
    return new Path(folder, new Path(null, null, name));
  }

  /**
   * The path with links followed as far as it exists.
   *
   * @throws InputException HLA_PATH if there is no such file system or it does not answer
   */
  Path resolve(String text) {
    try {
      Path path = new Path(text);
      FileSystem files = files(path);
      Path existing = files.makeQualified(path);
      Deque<String> rest = new ArrayDeque<>();
      while (existing.getParent() != null && !files.exists(existing)) {
        rest.push(existing.getName());
        existing = existing.getParent();
      }
      Path resolved = real(files, existing);
      for (String name : rest) {
        resolved = child(resolved, name);
      }
      return resolved;
    } catch (IOException | IllegalArgumentException e) {
      throw new InputException("HLA_PATH", text + ": " + e.getMessage(), e);
    }
  }

  /** A file that exists, links followed where there are any: in local folders. */
  Path file(Path path) {
    try {
      FileSystem files = files(path);
      return files instanceof LocalFileSystem ? real(files, path) : files.makeQualified(path);
    } catch (IOException e) {
      throw new InputException("HLA_PATH", path + ": " + e.getMessage(), e);
    }
  }

  private static Path real(FileSystem files, Path path) throws IOException {
    java.nio.file.Path local = local(files, path);
    return local == null
        ? files.resolvePath(path)
        : files.makeQualified(new Path(null, null, local.toRealPath().toString()));
  }

  private static java.nio.file.Path local(FileSystem files, Path path) {
    return files instanceof LocalFileSystem local ? local.pathToFile(path).toPath() : null;
  }

  /** All that a path or glob stands for, resolved. */
  Path[] matches(String pattern) {
    try {
      Path path = new Path(pattern);
      FileStatus[] found = files(path).globStatus(path);
      Path[] paths = new Path[found == null ? 0 : found.length];
      for (int i = 0; i < paths.length; i++) {
        paths[i] = resolve(found[i].getPath().toString());
      }
      return paths;
    } catch (IOException e) {
      throw new InputException("HLA_INPUT_MISSING", pattern + ": " + e.getMessage(), e);
    }
  }

  /** Whether one of two resolved paths lies in the other, or both are one. */
  boolean touch(Path one, Path other) {
    return isWithin(one, other) || isWithin(other, one);
  }

  /** Whether two resolved paths are one place. */
  boolean isSame(Path one, Path other) {
    try {
      FileSystem files = files(one);
      if (!isOneSystem(files, files(other))) {
        return false;
      }
      java.nio.file.Path local = local(files, one);
      java.nio.file.Path otherLocal = local(files, other);
      if (local != null && Files.exists(local) && Files.exists(otherLocal)) {
        // Also sees one folder that is mounted twice, and names that differ in their case only.
        return Files.isSameFile(local, otherLocal);
      }
      return one.toUri().getPath().equals(other.toUri().getPath());
    } catch (IOException e) {
      throw new InputException("HLA_PATH", one + " and " + other + ": " + e.getMessage(), e);
    }
  }

  /** Whether a resolved path lies in another, or is it. */
  boolean isWithin(Path inner, Path outer) {
    for (Path path = inner; path != null; path = path.getParent()) {
      if (isSame(path, outer)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isOneSystem(FileSystem one, FileSystem other) {
    return one == other
        || one.getUri().equals(other.getUri())
        || (Objects.equals(one.getUri().getScheme(), other.getUri().getScheme())
            && one.getCanonicalServiceName() != null
            && one.getCanonicalServiceName().equals(other.getCanonicalServiceName()));
  }
}
