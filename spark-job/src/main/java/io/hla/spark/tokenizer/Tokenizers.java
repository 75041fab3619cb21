package io.hla.spark.tokenizer;

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
}
