package io.hla.spark.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** JSON as the files of models hold it: UTF-8, every name once, flat, and nothing behind it. */
final class ModelJson {
  /** The longest name of a tensor or key. */
  static final int LONGEST_NAME = 512;

  /** The longest text that is read; longer ones may stand where they are passed over. */
  private static final int LONGEST_TEXT = 1 << 16;

  private static final int DEEPEST = 32;
  private static final int MOST_SHOWN = 120;

  // Names come from files that nobody vouches for: they go into no table that outlives the parser.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxNameLength(LONGEST_NAME)
                  .maxStringLength(LONGEST_TEXT)
                  .build())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  static final ObjectMapper MAPPER = new ObjectMapper(FACTORY);

  private ModelJson() {}

  /** A parser of all that {@code in} has; bytes that are no UTF-8 are an IOException. */
  static JsonParser parser(InputStream in) throws IOException {
    return FACTORY.createParser(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()));
  }

  /** A name or value as a message shows it: unless it is a plain word, cut and in quotes. */
  static Shown shown(String text) {
    return new Shown(text);
  }

  /** Made to a text only where a message is. */
  record Shown(String text) {
    @Override
    public String toString() {
      if (!text.isEmpty()
          && text.length() <= MOST_SHOWN
          && text.chars().allMatch(c -> c > ' ' && c < 127)) {
        return text;
      }
      String cut = text.length() > MOST_SHOWN ? text.substring(0, MOST_SHOWN) + ".." : text;
      return "\"" + cut.replaceAll("\\p{Cntrl}", "?") + "\"";
    }
  }
}
