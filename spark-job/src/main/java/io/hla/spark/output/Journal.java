package io.hla.spark.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.hla.spark.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What a publication does, as a file beside its first table: once that is there the publication
 * happens, whoever finishes it. Files beside the other tables say where it is.
 *
 * @param version of this form
 * @param id of the publication
 * @param home where the journal is, in the files that say so; else null
 * @param tables what is published; null where {@code home} is not
 */
record Journal(int version, String id, String home, List<Entry> tables) {
  private static final int VERSION = 1;
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

  /**
   * One table of a publication. All that is staged for it lies in {@link HiddenNames#staging}.
   *
   * @param target where it is
   * @param replaces whether a table stood there
   * @param files of an addition, relative to the table; null where the folder is moved as a whole
   * @param session what the session catalog has to know of it, or null
   */
  record Entry(String target, boolean replaces, List<String> files, SessionEntry session) {}

  /**
   * A table of files in the session catalog.
   *
   * @param name of the table
   * @param format of its files
   * @param schema as Spark's JSON
   * @param partitionBy columns of its partitions
   */
  record SessionEntry(String name, String format, String schema, List<String> partitionBy) {}

  static Journal of(String id, List<Entry> tables) {
    return new Journal(VERSION, id, null, tables);
  }

  static Journal pointer(String id, Path home) {
    return new Journal(VERSION, id, home.toString(), null);
  }

  /** Writes the file whole or not at all. */
  void write(Path file, Configuration configuration) throws IOException {
    byte[] text = JSON.writeValueAsBytes(this);
    FileSystem files = file.getFileSystem(configuration);
    Path unfinished = Places.child(file.getParent(), "." + file.getName() + ".tmp");
    try {
      try (FSDataOutputStream stream = files.create(unfinished, false)) {
        stream.write(text);
      }
      JournalSteps.rename(files, unfinished, file);
    } catch (IOException | RuntimeException e) {
      try {
        files.delete(unfinished, false);
      } catch (IOException | RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  /**
   * Reads a journal, or what points to one.
   *
   * @return null if there is no such file
   * @throws InputException HLA_OUTPUT_JOURNAL if it is none that {@link #write} could have written
   */
  static Journal read(Path file, String id, Configuration configuration) throws IOException {
    byte[] text;
    try (FSDataInputStream stream = file.getFileSystem(configuration).open(file)) {
      text = stream.readAllBytes();
    } catch (FileNotFoundException e) {
      return null;
    }
    try {
      Journal journal = JSON.readValue(text, Journal.class);
      String problem = journal == null ? "it is empty" : journal.problem(id);
      if (problem != null) {
        throw refusal(file, problem, null);
      }
      return journal;
    } catch (JsonProcessingException e) {
      throw refusal(file, e.getOriginalMessage(), e);
    } catch (IllegalArgumentException e) {
      throw refusal(file, e.getMessage(), e);
    }
  }

  private String problem(String expectedId) {
    if (version != VERSION) {
      return "its version is " + version + ", expected " + VERSION;
    }
    if (!expectedId.equals(id)) {
      return "it is of publication " + id + ", expected " + expectedId;
    }
    if ((home == null) == (tables == null || tables.isEmpty())) {
      return "it names neither tables nor another journal, or both";
    }
    if (tables != null) {
      for (Entry entry : tables) {
        if (entry == null || entry.target() == null || !isAbsolute(entry.target())) {
          return "a table has no absolute path";
        }
        if (entry.files() != null && !entry.files().stream().allMatch(Journal::isBelow)) {
          return "a file of " + entry.target() + " lies outside it";
        }
      }
    }
    return null;
  }

  private static boolean isAbsolute(String target) {
    Path path = new Path(target);
    return path.isAbsolute() && path.getParent() != null;
  }

  private static boolean isBelow(String file) {
    return file != null && !file.isEmpty() && !file.startsWith("/") && !hasDots(file);
  }

  private static boolean hasDots(String file) {
    return List.of(file.split("/")).contains("..");
  }

  static InputException refusal(Path file, String problem, Exception cause) {
    return new InputException(
        "HLA_OUTPUT_JOURNAL",
        String.format(
            Locale.ROOT,
            "%s says how a command that did not end is to be finished, but %s; nothing was done:"
                + " make the tables beside it whole, then delete it",
            file,
            problem),
        cause);
  }
}
