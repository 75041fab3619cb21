package io.hla.spark.model;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.hla.spark.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Reads {@code model.safetensors.index.json}, whose weight_map says in which file a tensor is. */
final class ShardIndex {
  private static final long LARGEST = 32L << 20;

  private final String file;
  private final Map<String, String> shards = new LinkedHashMap<>();

  private ShardIndex(String file) {
    this.file = file;
  }

  /**
   * The name of the shard of every tensor.
   *
   * @throws InputException HLA_INPUT_MISSING if there is no index, HLA_MODEL_DAMAGED unless it maps
   *     each name once to a file beside it
   */
  static Map<String, String> read(FileSystem system, Path path) {
    ShardIndex index = new ShardIndex(path.toString());
    try (FSDataInputStream stream = open(system, path, index)) {
      try (JsonParser json = ModelJson.parser(new BoundedStream(stream, LARGEST))) {
        index.read(json);
      }
    } catch (JacksonException e) {
      throw index.notJson(e.getOriginalMessage(), e);
    } catch (CharacterCodingException e) {
      throw index.notJson("it is not UTF-8", e);
    } catch (FileNotFoundException e) {
      throw new InputException("HLA_INPUT_MISSING", path + " does not exist", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + path, e);
    }
    return index.shards;
  }

  private static FSDataInputStream open(FileSystem system, Path path, ShardIndex index)
      throws IOException {
    FileStatus status = system.getFileStatus(path);
    index.check(!status.isDirectory(), "is a directory, expected a file");
    index.check(
        status.getLen() <= LARGEST,
        "is %d bytes long, expected at most %d",
        status.getLen(),
        LARGEST);
    return system.open(path);
  }

  private InputException notJson(String why, IOException e) {
    return new InputException("HLA_MODEL_DAMAGED", file + " is not JSON: " + why, e);
  }

  private void read(JsonParser json) throws IOException {
    boolean mapped = false;
    check(json.nextToken() == JsonToken.START_OBJECT, "is not a JSON object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      json.nextToken();
      if (key.equals("weight_map")) {
        check(json.currentToken() == JsonToken.START_OBJECT, "has a weight_map that is no object");
        readMap(json);
        mapped = true;
      } else {
        json.skipChildren();
      }
    }
    check(json.nextToken() == null, "has something behind its JSON object");
    check(mapped, "has no weight_map");
  }

  private void readMap(JsonParser json) throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      check(
          json.nextToken() == JsonToken.VALUE_STRING,
          "maps %s to no file name",
          ModelJson.shown(name));
      String shard = json.getText();
      check(
          PlainName.is(shard),
          "maps %s to %s, expected %s",
          ModelJson.shown(name),
          ModelJson.shown(shard),
          PlainName.EXPECTED);
      check(
          shards.size() < HeaderReader.MOST_TENSORS,
          "has over %d tensors",
          HeaderReader.MOST_TENSORS);
      shards.put(name, shard);
    }
  }

  private void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new InputException(
          "HLA_MODEL_DAMAGED", file + " " + String.format(Locale.ROOT, message, values));
    }
  }
}
