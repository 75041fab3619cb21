package io.hla.spark.output;

import io.hla.spark.InputException;
import io.hla.spark.output.Journal.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Tables that are published together: all that are folders of files or none of them, whenever this
 * process ends. Each is staged aside; then a {@link Journal} says what is to be moved where, and
 * from then on whoever writes one of the tables next finishes what is not done. Tables that have
 * commits of their own are committed one after the other, in the order in which they were added;
 * the folders have their turn with the last of them.
 */
public final class Publication implements AutoCloseable {
  private final SparkSession spark;
  private final Configuration configuration;
  private final Consumer<String> tell;
  private final String id = UUID.randomUUID().toString();
  private final List<OutputTable> tables = new ArrayList<>();
  private final List<String> left = new ArrayList<>();

  /**
   * An empty publication.
   *
   * @param tell is told what earlier commands left, and what is not written
   */
  public Publication(SparkSession spark, Consumer<String> tell) {
    this.spark = spark;
    this.configuration = spark.sparkContext().hadoopConfiguration();
    this.tell = tell;
  }

  /**
   * Adds a table.
   *
   * @throws InputException HLA_OUTPUT_TABLE or HLA_OUTPUT_FORMAT if there can be no such table,
   *     HLA_PATH
   */
  public OutputTable add(TableRequest request) {
    OutputTable table = OutputTable.of(spark, request, id);
    tables.add(table);
    return table;
  }

  /**
   * Finishes what earlier commands left of the tables, and refuses tables that exist although they
   * must not, that touch an input or each other, or that cannot be written.
   *
   * @param inputs what the job reads
   * @return whether there is a table to write
   * @throws InputException HLA_OUTPUT_EXISTS, HLA_OUTPUT_IN_INPUT, HLA_OUTPUT_PATH,
   *     HLA_OUTPUT_TABLE, HLA_OUTPUT_JOURNAL, HLA_INPUT_MISSING
   */
  public boolean prepare(JobInputs inputs) {
    tables.forEach(table -> table.recover(tell));
    inputs.others().forEach(this::recover);
    for (int i = tables.size() - 1; i > 0; i--) {
      tables.subList(0, i).forEach(tables.get(i)::checkApart);
    }
    for (String path : inputs.tokens()) {
      List<TableInput> found = TableInputs.of(spark, path, false);
      if (found.isEmpty()) {
        throw new InputException("HLA_INPUT_MISSING", "no file at " + path);
      }
      found.forEach(this::checkOutside);
    }
    inputs.others().forEach(path -> TableInputs.of(spark, path, false).forEach(this::checkOutside));
    inputs.names().forEach(name -> TableInputs.of(spark, name, true).forEach(this::checkOutside));
    for (OutputTable table : tables) {
      String reason = table.decide();
      if (reason != null) {
        left.add(reason);
      }
    }
    if (tables.stream().anyMatch(OutputTable::isWritten)) {
      left.forEach(reason -> tell.accept("not written: " + reason));
      return true;
    }
    return false;
  }

  /** Names what lies beside the tables while they are published. */
  String id() {
    return id;
  }

  /** Why no table is written, when none is. */
  public String reason() {
    return String.join("; ", left);
  }

  /** What another command left half done is read when it is done. */
  private void recover(String path) {
    try {
      new JournalSteps(spark).recover(new Places(configuration).resolve(path), tell);
    } catch (IOException e) {
      throw new InputException("HLA_PATH", path + ": " + e.getMessage(), e);
    }
  }

  /**
   * Refuses files that the job reads and that lie in one of the tables, whatever leads there.
   *
   * @param files as URIs
   * @throws InputException HLA_OUTPUT_IN_INPUT
   */
  public void checkFiles(String[] files) {
    Places places = new Places(configuration);
    Set<Path> folders = new LinkedHashSet<>();
    for (String file : files) {
      folders.add(places.file(new Path(URI.create(file))).getParent());
    }
    for (Path folder : folders) {
      tables.forEach(table -> table.checkHoldsNot(folder));
    }
  }

  private void checkOutside(TableInput input) {
    for (OutputTable table : tables) {
      if (!input.text().equals(table.request().replaces()) || !table.isAt(input)) {
        table.checkOutside(input);
      }
    }
  }

  /**
   * Publishes what was staged.
   *
   * @param check refuses to, directly in front of every commit
   */
  public void publish(Runnable check) {
    List<FolderTable> folders = new ArrayList<>();
    int last = 0;
    for (int i = 0; i < tables.size(); i++) {
      if (tables.get(i).isWritten() && tables.get(i) instanceof FolderTable folder) {
        folders.add(folder);
        last = i;
      }
    }
    for (int i = 0; i < tables.size(); i++) {
      if (tables.get(i) instanceof LakeTable lake && lake.isWritten()) {
        check.run();
        lake.commit();
      }
      if (i == last && !folders.isEmpty()) {
        check.run();
        publish(folders);
      }
    }
  }

  private void publish(List<FolderTable> folders) {
    Path home = folders.get(0).names().journal();
    try {
      Journal journal = begin(folders, home);
      new JournalSteps(spark).run(journal, home);
    } catch (IOException e) {
      throw new UncheckedIOException(
          String.format(
              Locale.ROOT,
              "cannot publish: %s; if %s is there, the next command that writes one of its tables"
                  + " finishes it",
              e.getMessage(),
              home),
          e);
    }
  }

  /** Writes the journal; until it is there nothing has happened. */
  private Journal begin(List<FolderTable> folders, Path home) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (FolderTable folder : folders) {
      entries.add(folder.entry());
    }
    Journal journal = Journal.of(id, entries);
    folders.forEach(FolderTable::keep);
    boolean begun = false;
    try {
      for (FolderTable folder : folders.subList(1, folders.size())) {
        Journal.pointer(id, home).write(folder.names().journal(), configuration);
      }
      journal.write(home, configuration);
      begun = true;
    } finally {
      if (!begun) {
        undo(folders, home);
      }
    }
    return journal;
  }

  private void undo(List<FolderTable> folders, Path home) throws IOException {
    if (home.getFileSystem(configuration).exists(home)) {
      // It was written although that failed: the next start finishes it.
      return;
    }
    for (FolderTable folder : folders) {
      Path file = folder.names().journal();
      file.getFileSystem(configuration).delete(file, false);
      folder.drop();
    }
  }

  /** Removes what was staged and not published. */
  @Override
  public void close() {
    tables.forEach(OutputTable::close);
  }
}
