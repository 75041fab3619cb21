package io.hla.spark.model;

import io.hla.spark.InputException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/** A place as a user gave it, and the file system that it is on. */
record ModelPath(FileSystem system, Path path) {

  /** Throws {@link InputException} HLA_PATH for what is no path of a known file system. */
  static ModelPath of(Configuration configuration, String place) throws IOException {
    try {
      Path path = new Path(place);
      return new ModelPath(path.getFileSystem(configuration), path);
    } catch (IllegalArgumentException | UnsupportedFileSystemException e) {
      throw new InputException("HLA_PATH", "model \"" + place + "\": " + e.getMessage(), e);
    }
  }

  Path child(String name) {
    return new Path(path, name);
  }
}
