package io.hla.spark.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;

/**
 * Where a text may be cut in front of a tokenizer.json: at {@link TextBorders#SPACE} where nothing
 * in the file reaches over such a place, else nowhere. What is not known counts as reaching.
 */
final class PreTokenizerBorders {
  /** Expressions of cl100k_base and its like; in all of them a space is the first of its match. */
  private static final Set<String> EXPRESSIONS =
      Set.of(
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
              + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
              + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");

  private PreTokenizerBorders() {}

  static TextBorders of(JsonNode file) {
    return leavesSpaces(file.path("normalizer"))
            && splits(file.path("pre_tokenizer"))
            && areNarrow(file.path("added_tokens"))
        ? TextBorders.SPACE
        : TextBorders.NOWHERE;
  }

  private static boolean splits(JsonNode tokenizer) {
    return switch (tokenizer.path("type").asText()) {
      case "ByteLevel" ->
          !tokenizer.path("add_prefix_space").asBoolean(true)
              && tokenizer.path("use_regex").asBoolean(true);
      case "Sequence" -> {
        JsonNode steps = tokenizer.path("pretokenizers");
        yield steps.size() == 2 && isKnownSplit(steps.get(0)) && isBytesAlone(steps.get(1));
      }
      default -> false;
    };
  }

  private static boolean isKnownSplit(JsonNode split) {
    return split.path("type").asText().equals("Split")
        && split.path("behavior").asText().equals("Isolated")
        && !split.path("invert").asBoolean(true)
        && EXPRESSIONS.contains(split.path("pattern").path("Regex").asText());
  }

  private static boolean isBytesAlone(JsonNode bytes) {
    return bytes.path("type").asText().equals("ByteLevel")
        && !bytes.path("add_prefix_space").asBoolean(true)
        && !bytes.path("use_regex").asBoolean(true);
  }

  /** Whether no added token has white space in it or takes what stands around it. */
  private static boolean areNarrow(JsonNode tokens) {
    for (JsonNode token : tokens) {
      if (token.path("lstrip").asBoolean(true)
          || token.path("rstrip").asBoolean(true)
          || token.path("single_word").asBoolean(true)
          || token.path("content").asText().chars().anyMatch(c -> c <= ' ')) {
        return false;
      }
    }
    return true;
  }

  /** NFC composes no character with a space in front of it. */
  private static boolean leavesSpaces(JsonNode normalizer) {
    return normalizer.isMissingNode()
        || normalizer.isNull()
        || normalizer.path("type").asText().equals("NFC");
  }
}
