package io.hla.spark.model;

import io.hla.spark.InputException;
import java.io.Serializable;

/**
 * What makes ids of text for a model.
 *
 * @param type which kind
 * @param file the name of its file in the model's directory, or null
 */
public record ModelTokenizer(Type type, String file) implements Serializable {

  /** The kinds of tokenizers; {@link #text} gives the name in config.json. */
  public enum Type {
    /** None: the model reads ids alone. */
    NONE("none"),
    /** The bytes of UTF-8. */
    BYTES("bytes"),
    /** A file with a word a line. */
    VOCABULARY("vocabulary"),
    CL100K_BASE("cl100k_base"),
    O200K_BASE("o200k_base"),
    /** A file of Hugging Face's tokenizers. */
    TOKENIZER_JSON("tokenizer.json");

    private final String text;

    Type(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }

  public ModelTokenizer {
    if (file != null && !PlainName.is(file)) {
      throw new InputException(
          "HLA_MODEL_CONFIG",
          "tokenizer has file " + ModelJson.shown(file) + ", expected " + PlainName.EXPECTED);
    }
    if ((type == Type.VOCABULARY || type == Type.TOKENIZER_JSON) != (file != null)) {
      throw new InputException(
          "HLA_MODEL_CONFIG",
          "tokenizer of type "
              + type.text()
              + (file == null ? " has no file" : " has a file, expected none"));
    }
  }

  /** None: ids only. */
  public static ModelTokenizer none() {
    return new ModelTokenizer(Type.NONE, null);
  }
}
