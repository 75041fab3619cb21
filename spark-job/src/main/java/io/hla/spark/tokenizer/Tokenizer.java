package io.hla.spark.tokenizer;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;

/**
 * Text to ids of tokens. Ids are from 0 to below {@link #vocabularySize}. Tokenizers go to
 * executors with broadcasts, and open there what cannot travel; they are used by many threads.
 */
public interface Tokenizer extends Serializable {
  /** What messages and reports call it, such as {@code bytes}. */
  String name();

  /** Number of ids; every id is smaller. */
  int vocabularySize();

  /**
   * Where a text may be cut: the ids of the pieces, one behind the other, are those of the text.
   */
  TextBorders borders();

  /**
   * The ids of a text.
   *
   * @param utf8 the bytes of the text; what is malformed counts as U+FFFD, except to the tokenizer
   *     of bytes
   */
  int[] encode(byte[] utf8);

  /** The ids of a text. */
  default int[] encode(String text) {
    return encode(text.getBytes(StandardCharsets.UTF_8));
  }
}
