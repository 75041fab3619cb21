package io.hla.spark.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Names of what lies beside a table while it is published. They start with a dot, so that neither
 * Spark nor Hadoop takes them for data.
 *
 * @param target the table
 * @param id of the publication
 */
record HiddenNames(Path target, String id) {
  private static final String STAGING = "staging-";
  private static final String PREVIOUS = "previous-";
  private static final String JOURNAL = "journal-";

  /** What the table is to become, or what is to be added to it. */
  Path staging() {
    return beside(STAGING);
  }

  /** What the table was. */
  Path previous() {
    return beside(PREVIOUS);
  }

  /** The journal, or what says where it is. */
  Path journal() {
    return beside(JOURNAL);
  }

  /** A folder that is made and deleted to see whether that can be done. */
  Path probe() {
    return beside("probe-");
  }

  private Path beside(String purpose) {
    return Places.child(target.getParent(), prefix(target) + purpose + id);
  }

  private static String prefix(Path target) {
    return "." + target.getName() + ".";
  }

  /** All journals beside a table. */
  static List<HiddenNames> journals(FileSystem files, Path target) throws IOException {
    return publications(files, target, JOURNAL);
  }

  /** Folders beside a table that a publication left, or another job is filling. */
  static List<Path> strays(FileSystem files, Path target) throws IOException {
    List<Path> strays = new ArrayList<>();
    publications(files, target, STAGING).forEach(names -> strays.add(names.staging()));
    publications(files, target, PREVIOUS).forEach(names -> strays.add(names.previous()));
    return strays;
  }

  private static List<HiddenNames> publications(FileSystem files, Path target, String purpose)
      throws IOException {
    List<HiddenNames> found = new ArrayList<>();
    String start = prefix(target) + purpose;
    try {
      Path folder = target.getParent();
      for (FileStatus file : files.listStatus(folder, path -> path.getName().startsWith(start))) {
        found.add(new HiddenNames(target, file.getPath().getName().substring(start.length())));
      }
    } catch (FileNotFoundException e) {
      // There is no folder yet.
      return found;
    }
    return found;
  }
}
