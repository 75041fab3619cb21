package io.hla.spark.tokenizer;

import org.apache.hadoop.conf.Configuration;

/** The tokenizers that there are. */
public final class Tokenizers {
  private Tokenizers() {}

  /** Bytes of UTF-8 as ids, 256 of them. */
  public static Tokenizer bytes() {
    return new ByteTokenizer();
  }

  /** Words, as {@code attend --text} finds them, by their place in a vocabulary. */
  public static Tokenizer words(Vocabulary vocabulary) {
    return new VocabularyTokenizer(vocabulary);
  }

  /** OpenAI's cl100k_base: ids of ordinary tokens are below 100,256, special ones up to 100,276. */
  public static Tokenizer cl100kBase() {
    return new OpenAiTokenizer("cl100k_base", 100_277);
  }

  /** OpenAI's o200k_base: ids of ordinary tokens are below 199,998, special ones up to 200,018. */
  public static Tokenizer o200kBase() {
    return new OpenAiTokenizer("o200k_base", 200_019);
  }

  /**
   * A tokenizer of Hugging Face, by its {@code tokenizer.json}. Special tokens are not added, and
   * texts are neither truncated nor padded, whatever the file says. Texts are cut only if its
   * pre-tokenizer is known to split there; else each is one piece of at most 2^30 bytes.
   *
   * @param file path on any file system that {@code configuration} knows
   * @throws io.hla.spark.InputException HLA_INPUT_MISSING if there is no such file, HLA_TOKENIZER
   *     if it holds no tokenizer, or the library that reads it, {@value JsonTokenizer#LIBRARY}, is
   *     not on the class path or does not load
   */
  public static Tokenizer json(Configuration configuration, String file) {
    return JsonTokenizer.read(configuration, file);
  }
}
