package io.hla.spark.output;

import io.hla.spark.output.Journal.Entry;
import java.io.IOException;
import java.util.Locale;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Does what a journal says. Every step looks first whether it is done already, so that a
 * publication that ended anywhere is finished by doing all of it once more.
 */
final class JournalSteps {
  private final SparkSession spark;
  private final Configuration configuration;

  JournalSteps(SparkSession spark) {
    this.spark = spark;
    this.configuration = spark.sparkContext().hadoopConfiguration();
  }

  /**
   * Finishes what commands that did not end left of a table.
   *
   * @param tell is told what was finished
   * @throws io.hla.spark.InputException HLA_OUTPUT_JOURNAL if a journal is damaged, or what it
   *     needs is not there
   */
  void recover(Path target, Consumer<String> tell) throws IOException {
    FileSystem files = target.getFileSystem(configuration);
    for (HiddenNames names : HiddenNames.journals(files, target)) {
      Path file = names.journal();
      Journal journal = Journal.read(file, names.id(), configuration);
      if (journal != null && journal.home() != null) {
        file = new Path(journal.home());
        journal = Journal.read(file, names.id(), configuration);
        if (journal == null && !files.exists(names.staging())) {
          // Nothing was published, and nothing is left.
          files.delete(names.journal(), false);
        }
      }
      if (journal != null && journal.tables() != null) {
        run(journal, file);
        tell.accept(
            String.format(
                Locale.ROOT,
                "finished what an earlier command that did not end had begun to publish: %s",
                journal.tables().stream().map(Entry::target).toList()));
      }
    }
  }

  /** Publishes; {@code home} is where the journal is. */
  void run(Journal journal, Path home) throws IOException {
    SessionTables session = new SessionTables(spark);
    for (Entry entry : journal.tables()) {
      if (entry.session() != null) {
        session.create(entry.session());
      }
      HiddenNames names = names(journal, entry);
      if (entry.files() == null) {
        move(entry, names, home);
      } else {
        add(entry, names, home);
      }
    }
    for (Entry entry : journal.tables()) {
      spark.catalog().refreshByPath(entry.target());
      if (entry.session() != null) {
        session.refresh(entry.session());
      }
    }
    // Earlier versions go when all later ones are there, and the journal when nothing is left.
    for (Entry entry : journal.tables()) {
      HiddenNames names = names(journal, entry);
      delete(entry.replaces() && entry.files() == null ? names.previous() : names.staging());
    }
    // The journal in front of what points to it: nothing is found to be done once more.
    home.getFileSystem(configuration).delete(home, false);
    for (Entry entry : journal.tables()) {
      Path file = names(journal, entry).journal();
      file.getFileSystem(configuration).delete(file, false);
    }
  }

  private static HiddenNames names(Journal journal, Entry entry) {
    return new HiddenNames(new Path(entry.target()), journal.id());
  }

  private void move(Entry entry, HiddenNames names, Path home) throws IOException {
    Path target = names.target();
    FileSystem files = target.getFileSystem(configuration);
    if (files.exists(names.staging())) {
      if (files.exists(target)) {
        if (!entry.replaces() || files.exists(names.previous())) {
          throw Journal.refusal(home, target + " came into being meanwhile", null);
        }
        rename(files, target, names.previous());
      }
      rename(files, names.staging(), target);
    } else if (!files.exists(target)) {
      throw Journal.refusal(home, names.staging() + " is gone", null);
    }
  }

  private void add(Entry entry, HiddenNames names, Path home) throws IOException {
    FileSystem files = names.target().getFileSystem(configuration);
    for (String name : entry.files()) {
      Path staged = new Path(names.staging(), new Path(null, null, name));
      Path added = new Path(names.target(), new Path(null, null, name));
      if (files.exists(staged)) {
        files.mkdirs(added.getParent());
        rename(files, staged, added);
      } else if (!files.exists(added)) {
        throw Journal.refusal(home, staged + " is gone", null);
      }
    }
  }

  // To rename to a folder that exists would move into it.
  static void rename(FileSystem files, Path from, Path to) throws IOException {
    if (files.exists(to)) {
      throw new IOException(to + " exists, so that " + from + " cannot be renamed to it");
    }
    if (!files.rename(from, to)) {
      throw new IOException("the file system refused to rename " + from + " to " + to);
    }
  }

  private void delete(Path path) throws IOException {
    path.getFileSystem(configuration).delete(path, true);
  }
}
