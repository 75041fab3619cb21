package io.hla.spark.tokenizer;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A tokenizer of Hugging Face: its {@code tokenizer.json} travels, and every JVM opens it once with
 * the library that users put on the class path.
 */
@DefaultSerializer(JavaSerializer.class)
final class JsonTokenizer implements Tokenizer {
  /** Maven coordinates of the library, with a version that was tried. */
  static final String LIBRARY = "ai.djl.huggingface:tokenizers:0.36.0";

  private static final long serialVersionUID = 1L;

  private final String source;
  private final byte[] json;
  private final int vocabularySize;
  private final TextBorders borders;
  private transient OpenTokenizer open;

  private JsonTokenizer(String source, byte[] json, JsonNode file) {
    this.source = source;
    this.json = json;
    this.vocabularySize = vocabularySize(file);
    this.borders = PreTokenizerBorders.of(file);
  }

  static JsonTokenizer read(Configuration configuration, String file) {
    Path path = new Path(file);
    try (InputStream in = path.getFileSystem(configuration).open(path)) {
      byte[] json = in.readAllBytes();
      JsonTokenizer tokenizer = new JsonTokenizer(file, json, parsed(file, json));
      // Here and not in a task first, where nobody would see at once what is wrong.
      tokenizer.open();
      return tokenizer;
    } catch (FileNotFoundException e) {
      throw new InputException("HLA_INPUT_MISSING", "tokenizer \"" + file + "\" does not exist");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read tokenizer \"" + file + "\"", e);
    }
  }

  @Override
  public String name() {
    return "tokenizer " + source;
  }

  @Override
  public int vocabularySize() {
    return vocabularySize;
  }

  @Override
  public TextBorders borders() {
    return borders;
  }

  @Override
  public int[] encode(byte[] utf8) {
    return open().encode(new String(utf8, StandardCharsets.UTF_8));
  }

  private synchronized OpenTokenizer open() {
    if (open == null) {
      open = OpenTokenizer.of(source, json);
    }
    return open;
  }

  private static JsonNode parsed(String source, byte[] json) {
    try {
      JsonNode file = new ObjectMapper().readTree(json);
      if (!file.path("model").isObject()) {
        throw new InputException(
            "HLA_TOKENIZER", source + " has no \"model\", expected a tokenizer.json");
      }
      if (file.path("model").path("dropout").asDouble(0) != 0) {
        throw new InputException(
            "HLA_TOKENIZER",
            source + " has a dropout, with which a text has other ids each time, expected none");
      }
      return file;
    } catch (IOException e) {
      throw new InputException("HLA_TOKENIZER", source + " is no JSON: " + e.getMessage(), e);
    }
  }

  /** One more than the largest id of the model's vocabulary and the added tokens. */
  private static int vocabularySize(JsonNode file) {
    int largest = -1;
    JsonNode vocabulary = file.path("model").path("vocab");
    if (vocabulary.isArray()) {
      largest = vocabulary.size() - 1;
    } else {
      for (JsonNode id : vocabulary) {
        largest = Math.max(largest, id.asInt(-1));
      }
    }
    for (JsonNode token : file.path("added_tokens")) {
      largest = Math.max(largest, token.path("id").asInt(-1));
    }
    return largest + 1;
  }
}
