package io.hla.spark.model;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.hla.spark.InputException;
import io.hla.spark.model.Safetensors.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads the JSON of a safetensors header, of which nothing but its tensors is ever in memory. */
final class HeaderReader {
  /** More than any model has; what a header of 100 MB could name would fill the memory. */
  static final int MOST_TENSORS = 1 << 17;

  private static final int MOST_DIMENSIONS = 16;

  private final String file;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  private HeaderReader(String file) {
    this.file = file;
  }

  /**
   * The tensors of a header by name, in its order.
   *
   * @throws InputException HLA_MODEL_DAMAGED unless it is an object of tensors, each once
   */
  static Map<String, Tensor> read(String file, InputStream header) throws IOException {
    HeaderReader reader = new HeaderReader(file);
    try (JsonParser json = ModelJson.parser(header)) {
      reader.read(json);
    } catch (JacksonException e) {
      throw reader.notJson(e.getOriginalMessage(), e);
    } catch (CharacterCodingException e) {
      throw reader.notJson("it is not UTF-8", e);
    }
    return reader.tensors;
  }

  private InputException notJson(String why, IOException e) {
    return new InputException(
        "HLA_MODEL_DAMAGED", file + " has a header that is not JSON: " + why, e);
  }

  private void read(JsonParser json) throws IOException {
    check(json.nextToken() == JsonToken.START_OBJECT, "has a header that is not a JSON object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      json.nextToken();
      if (name.equals("__metadata__")) {
        readMetadata(json);
      } else {
        check(tensors.size() < MOST_TENSORS, "has over %d tensors", MOST_TENSORS);
        tensors.put(name, tensor(name, json));
      }
    }
    check(json.nextToken() == null, "has a header with something behind its JSON object");
  }

  private void readMetadata(JsonParser json) throws IOException {
    check(json.currentToken() == JsonToken.START_OBJECT, "has __metadata__ that is no JSON object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      check(
          json.nextToken() == JsonToken.VALUE_STRING,
          "has __metadata__ %s that is not a string",
          ModelJson.shown(json.currentName()));
    }
  }

  private Tensor tensor(String name, JsonParser json) throws IOException {
    String dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    check(
        json.currentToken() == JsonToken.START_OBJECT,
        "describes tensor %s by %s, expected dtype, shape and two data_offsets",
        ModelJson.shown(name),
        json.currentToken().isScalarValue() ? ModelJson.shown(json.getText()) : "a list");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      switch (key) {
        case "dtype" -> {
          check(value == JsonToken.VALUE_STRING, "gives tensor %s no dtype", ModelJson.shown(name));
          dtype = ModelJson.shown(json.getText()).toString();
        }
        case "shape" -> shape = numbers(name, key, json);
        case "data_offsets" -> offsets = numbers(name, key, json);
        default -> json.skipChildren();
      }
    }
    check(
        dtype != null && shape != null && offsets != null && offsets.size() == 2,
        "describes tensor %s without some of dtype, shape and two data_offsets",
        ModelJson.shown(name));
    return new Tensor(name, dtype, shape, offsets.get(0), offsets.get(1));
  }

  private List<Long> numbers(String name, String key, JsonParser json) throws IOException {
    check(
        json.currentToken() == JsonToken.START_ARRAY,
        "gives tensor %s a %s that is no list",
        ModelJson.shown(name),
        key);
    List<Long> numbers = new ArrayList<>(2);
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.currentToken() != JsonToken.VALUE_NUMBER_INT
          || json.getNumberType() == JsonParser.NumberType.BIG_INTEGER
          || json.getLongValue() < 0) {
        throw damaged(
            "gives tensor %s the size or offset %s, expected an integer from 0",
            ModelJson.shown(name), ModelJson.shown(json.getText()));
      }
      if (numbers.size() == MOST_DIMENSIONS) {
        throw damaged(
            "gives tensor %s over %d numbers of %s", ModelJson.shown(name), MOST_DIMENSIONS, key);
      }
      numbers.add(json.getLongValue());
    }
    return List.copyOf(numbers);
  }

  private void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw damaged(message, values);
    }
  }

  private InputException damaged(String message, Object... values) {
    return new InputException(
        "HLA_MODEL_DAMAGED", file + " " + String.format(Locale.ROOT, message, values));
  }
}
