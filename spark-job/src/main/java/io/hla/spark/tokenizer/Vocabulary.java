package io.hla.spark.tokenizer;

import io.hla.spark.InputException;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The words of a model: word n has id n, and id 0 is the unknown token. Immutable. */
public final class Vocabulary implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The id of every word that the vocabulary lacks. */
  public static final int UNKNOWN = 0;

  private final String source;
  private final HashMap<String, Integer> ids;

  private Vocabulary(String source, HashMap<String, Integer> ids) {
    this.source = source;
    this.ids = ids;
  }

  /**
   * Reads a UTF-8 file whose line n, counted from 0, is the word with id n.
   *
   * @param file path on any file system that {@code configuration} knows
   * @throws InputException HLA_INPUT_MISSING if there is no such file, HLA_VOCABULARY if it is
   *     empty or holds a word twice
   */
  public static Vocabulary read(Configuration configuration, String file) {
    Path path = new Path(file);
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                path.getFileSystem(configuration).open(path), StandardCharsets.UTF_8))) {
      return of(file, reader.lines().toList());
    } catch (FileNotFoundException e) {
      throw new InputException("HLA_INPUT_MISSING", "vocabulary \"" + file + "\" does not exist");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read vocabulary \"" + file + "\"", e);
    }
  }

  /**
   * The vocabulary in which {@code words.get(n)} has id n.
   *
   * @param source where the words come from, for messages
   * @throws InputException HLA_VOCABULARY if there is no word or a word stands there twice
   */
  public static Vocabulary of(String source, List<String> words) {
    if (words.isEmpty()) {
      throw new InputException(
          "HLA_VOCABULARY", source + " has no words, expected the unknown token in line 1");
    }
    HashMap<String, Integer> ids = new HashMap<>(2 * words.size());
    for (int id = 0; id < words.size(); id++) {
      Integer earlier = ids.putIfAbsent(words.get(id), id);
      if (earlier != null) {
        throw new InputException(
            "HLA_VOCABULARY",
            String.format(
                Locale.ROOT,
                "%s holds \"%s\" in line %d and again in line %d, expected every word once",
                source,
                words.get(id),
                earlier + 1,
                id + 1));
      }
    }
    return new Vocabulary(source, ids);
  }

  /** The id of a word, {@link #UNKNOWN} if it has none. */
  public int id(String word) {
    return ids.getOrDefault(word, UNKNOWN);
  }

  /** Number of words, the unknown token among them. */
  public int size() {
    return ids.size();
  }

  /** Where the words come from: the file as it was given. */
  public String source() {
    return source;
  }
}
