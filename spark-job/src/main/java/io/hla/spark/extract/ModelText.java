package io.hla.spark.extract;

import io.hla.spark.InputException;
import io.hla.spark.model.ModelDirectory;
import io.hla.spark.model.ModelTokenizer;
import io.hla.spark.tokenizer.Tokenizer;
import io.hla.spark.tokenizer.Tokenizers;
import io.hla.spark.tokenizer.Vocabulary;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;

/** What makes ids of text for a model. */
public final class ModelText {
  private ModelText() {}

  /**
   * The tokenizer that a model's config names.
   *
   * @param directory of the model
   * @throws InputException HLA_TOKENIZER if it names none, or one that has more ids than the model
   *     has words; HLA_MODEL_* if the directory is refused
   */
  public static Tokenizer tokenizer(
      Configuration configuration, String directory, boolean allowExtra) {
    try (ModelDirectory model = ModelDirectory.open(configuration, directory, allowExtra)) {
      ModelTokenizer named = model.config().tokenizer();
      if (named.type() == ModelTokenizer.Type.NONE) {
        throw new InputException(
            "HLA_TOKENIZER",
            directory + " names no tokenizer, expected one where text is read, or ids");
      }
      Tokenizer tokenizer = open(configuration, named.type(), model.tokenizerFile());
      return checked(tokenizer, model.config().vocabSize(), directory);
    }
  }

  /**
   * A tokenizer by its name, or by a file: a vocabulary with a word a line, or a tokenizer.json.
   *
   * @param directory of the model whose ids it is to make
   * @throws InputException HLA_TOKENIZER if it has more ids than the model has words, or its file
   *     is refused
   */
  public static Tokenizer tokenizer(
      Configuration configuration, String name, String directory, boolean allowExtra) {
    try (ModelDirectory model = ModelDirectory.open(configuration, directory, allowExtra)) {
      return checked(tokenizer(configuration, name), model.config().vocabSize(), directory);
    }
  }

  /**
   * The same for no model in particular.
   *
   * @throws InputException HLA_TOKENIZER if its file is refused
   */
  public static Tokenizer tokenizer(Configuration configuration, String name) {
    ModelTokenizer.Type type =
        switch (name) {
          case "bytes" -> ModelTokenizer.Type.BYTES;
          case "cl100k_base" -> ModelTokenizer.Type.CL100K_BASE;
          case "o200k_base" -> ModelTokenizer.Type.O200K_BASE;
          default ->
              name.endsWith(".json")
                  ? ModelTokenizer.Type.TOKENIZER_JSON
                  : ModelTokenizer.Type.VOCABULARY;
        };
    return open(configuration, type, name);
  }

  private static Tokenizer open(
      Configuration configuration, ModelTokenizer.Type type, String file) {
    return switch (type) {
      case BYTES -> Tokenizers.bytes();
      case VOCABULARY -> Tokenizers.words(Vocabulary.read(configuration, file));
      case CL100K_BASE -> Tokenizers.cl100kBase();
      case O200K_BASE -> Tokenizers.o200kBase();
      case TOKENIZER_JSON -> Tokenizers.json(configuration, file);
      case NONE -> throw new IllegalArgumentException("no tokenizer");
    };
  }

  private static Tokenizer checked(Tokenizer tokenizer, int words, String directory) {
    if (tokenizer.vocabularySize() > words) {
      throw new InputException(
          "HLA_TOKENIZER",
          String.format(
              Locale.ROOT,
              "tokenizer %s has %d ids, expected at most the %d words of %s",
              tokenizer.name(),
              tokenizer.vocabularySize(),
              words,
              directory));
    }
    return tokenizer;
  }
}
