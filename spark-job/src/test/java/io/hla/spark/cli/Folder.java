package io.hla.spark.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What a folder holds, hidden files too, to see that a command left it as it was. */
final class Folder {
  private Folder() {}

  /** Sizes and contents' hashes of all files and the names of all folders, by relative path. */
  static Map<String, String> contents(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      Map<String, String> contents = new TreeMap<>();
      for (Path file : (Iterable<Path>) files::iterator) {
        String content =
            Files.isDirectory(file)
                ? "folder"
                : java.util.Arrays.hashCode(Files.readAllBytes(file)) + "";
        contents.put(folder.relativize(file).toString(), content);
      }
      return contents;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
