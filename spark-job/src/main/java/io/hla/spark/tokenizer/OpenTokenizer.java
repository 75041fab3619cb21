package io.hla.spark.tokenizer;

import io.hla.spark.InputException;
import java.util.Locale;

/** An open tokenizer of the optional library; used by many threads, never closed. */
interface OpenTokenizer {
  int[] encode(String text);

  /**
   * Opens a tokenizer. No other class of ours names one of the library.
   *
   * @param source what messages call it
   * @throws InputException HLA_TOKENIZER
   */
  static OpenTokenizer of(String source, byte[] json) {
    try {
      return new HuggingFaceEncoder(json);
    } catch (LinkageError e) {
      boolean isMissing =
          e instanceof NoClassDefFoundError
              && !String.valueOf(e.getMessage()).startsWith("Could not initialize");
      throw new InputException(
          "HLA_TOKENIZER",
          String.format(
              Locale.ROOT,
              "%s is read by %s, which %s; spark-submit takes --packages %2$s",
              source,
              JsonTokenizer.LIBRARY,
              isMissing ? "is not on the class path" : "does not load here: " + e),
          e);
    } catch (Exception e) {
      throw new InputException("HLA_TOKENIZER", source + " cannot be opened: " + e.getMessage(), e);
    }
  }
}
