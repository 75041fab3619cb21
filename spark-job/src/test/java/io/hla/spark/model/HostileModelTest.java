package io.hla.spark.model;

import static io.hla.spark.model.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.ThreadMXBean;
import io.hla.spark.InputException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that want to be believed: each is refused by name, and before memory is taken for it. */
class HostileModelTest {
  private static final long MOST_ALLOCATED = 64L << 20;

  /** What tables with as many tensors as may be take until one too many comes. */
  private static final long FULL_TABLE = 192L << 20;

  private static final String WEIGHTS = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String SHARD = "model-00001-of-00002.safetensors";
  private static final String OTHER = "model-00002-of-00002.safetensors";

  @TempDir Path folder;

  @BeforeEach
  void writeModel() throws IOException {
    RandomModel.write(folder, ModelDirectoryTest.config(), 1, "F32", 0);
    ModelDirectoryTest.open(folder).close();
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 1",
    "-9223372036854775808, 1",
    "0, 1",
    "9223372036854775807, 1",
    "1000000, 1",
    "150000000, 200000000",
    "100000001, 200000000"
  })
  void headersThatAreLongerThanTheyMayBe(long header, long file) throws IOException {
    try (RandomAccessFile out = new RandomAccessFile(folder.resolve(WEIGHTS).toFile(), "rw")) {
      out.setLength(8 + file); // a hole: it takes no room on the disk
      out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header).array());
    }
    damaged("gives its header " + header + " bytes, expected 1 to ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'a':            | [        | describes tensor a by a list, expected dtype",
        "                 | [        | has a header that is not a JSON object",
        "{'               | a        | has a header that is not JSON",
        "{'a':{'x':       | [        | has a header that is not JSON",
        "{'__metadata__': | {'a':    | has __metadata__ a that is not a string",
        "{'a':{'dtype':'  | F        | has a header that is not JSON",
        "{'a':{'shape':[1 | ,1       | gives tensor a over 16 numbers of shape",
        "{'a':{'shape':[1 | 0        | has a header that is not JSON",
        "{'a':{}}         | {        | describes tensor a without some of dtype",
        "{'__metadata__':{}} | {}    | has a header with something behind its JSON object"
      })
  void longHeaders(String start, String repeated, String message) throws IOException {
    String text = (start == null ? "" : start).replace('\'', '"');
    byte[] part = repeated.replace('\'', '"').repeat(4096).getBytes(StandardCharsets.UTF_8);
    long length = text.length() + 20_000_000L / part.length * part.length;
    try (OutputStream out = Files.newOutputStream(folder.resolve(WEIGHTS))) {
      out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array());
      out.write(text.getBytes(StandardCharsets.UTF_8));
      for (long at = text.length(); at < length; at += part.length) {
        out.write(part);
      }
    }
    damaged(message);
  }

  /** Long texts and texts of other tools may stand in the metadata. */
  @Test
  void metadataIsPassedOver() throws IOException {
    Path file = folder.resolve(WEIGHTS);
    byte[] bytes = Files.readAllBytes(file);
    String fingerprint = ModelDirectoryTest.fingerprint(folder);
    ByteBuffer whole = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int length = Math.toIntExact(whole.getLong());
    String header = new String(bytes, 8, length, StandardCharsets.UTF_8);
    byte[] data = new byte[bytes.length - 8 - length];
    System.arraycopy(bytes, 8 + length, data, 0, data.length);
    String metadata = "{\"__metadata__\":{\"a\":\"" + "x".repeat(1_000_000) + "\"},";
    ModelFile.write(file, metadata + header.substring(1) + "   ", data);
    assertThat(ModelDirectoryTest.fingerprint(folder)).isEqualTo(fingerprint);
  }

  @Test
  void tooManyTensors() throws IOException {
    StringJoiner tensors = new StringJoiner(",", "{", "}");
    for (int i = 0; i <= HeaderReader.MOST_TENSORS; i++) {
      tensors.add(ModelFile.tensor("t" + i, "F32", "[0]", 0, 0));
    }
    ModelFile.write(folder.resolve(WEIGHTS), tensors.toString(), new byte[0]);
    refused("HLA_MODEL_DAMAGED", () -> openProbed(FULL_TABLE))
        .hasMessageContaining("has over 131072 tensors");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "F32 | [4294967296,4294967296] | 0 | 64 | expected the size of F32 [4294967296, 4294967296]",
        "F32 | [9223372036854775807,2] | 0 | 64 | expected the size of F32",
        "F64 | [1152921504606846976,2] | 0 | 64 | expected the size of F64",
        "F32 | [4611686018427387904,4,0] | 0 | 64 | expected the size of F32",
        "F32 | [9223372036854775808] | 0 | 64 | the size or offset 9223372036854775808, expected",
        "F32 | [16] | 64 | 0 | begins tensor t at byte 64, expected 0",
        "F32 | [16] | 0 | 9223372036854775807 | expected a range within its 64 bytes of data",
        "F32 | [16] | -64 | 0 | the size or offset -64, expected an integer from 0",
        "F32 | [15] | 0 | 64 | expected the size of F32 [15]",
        "I64 | [16] | 0 | 64 | expected the size of I64 [16]",
        "X9  | [16] | 0 | 60 | has 64 bytes of data, expected the 60 of its header",
      })
  void shapesAndRangesThatDoNotFit(
      String dtype, String shape, String begin, String end, String message) throws IOException {
    String header =
        String.format(
            "{\"t\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%s,%s]}}",
            dtype, shape, begin, end);
    ModelFile.write(folder.resolve(WEIGHTS), header, new byte[64]);
    damaged(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'t':{'dtype':'F32','shape':[0],'data_offsets':[0]}}      | without some of dtype, shape and",
        "{'t':{'dtype':'F32','shape':[0],'data_offsets':[0,0,0]}}  | without some of dtype, shape and",
        "{'t':{'dtype':'F32','shape':[0],'data_offsets':{}}}       | a data_offsets that is no list",
        "{'t':{'dtype':'F32','shape':[[0]],'data_offsets':[0,0]}}  | the size or offset [, expected",
        "{'t':{'dtype':'F32','shape':['0'],'data_offsets':[0,0]}}  | the size or offset 0, expected",
        "{'t':{'dtype':'F32','shape':[null],'data_offsets':[0,0]}} | the size or offset null, expected",
        "{'t':{'dtype':7,'shape':[0],'data_offsets':[0,0]}}        | gives tensor t no dtype",
        "{'t':{'shape':[0],'shape':[0]}}                           | Duplicate field 'shape'",
        "{'t':[]}                                       | describes tensor t by a list",
        "{'t':'x'}                                      | describes tensor t by x, expected dtype",
        "{'__metadata__':7}                             | has __metadata__ that is no JSON object",
        "{'__metadata__':{'a':7}}                       | has __metadata__ a that is not a string",
        "{} x                                           | has a header that is not JSON",
        "{},{}                                          | has a header that is not JSON",
      })
  void headersThatAreNoTables(String header, String message) throws IOException {
    ModelFile.write(folder.resolve(WEIGHTS), header.replace('\'', '"'), new byte[0]);
    damaged(message);
  }

  @Test
  void headersThatAreNotUtf8() throws IOException {
    byte[] header = "{\"\u00e9\":7}".getBytes(StandardCharsets.ISO_8859_1);
    Files.write(folder.resolve(WEIGHTS), ModelFile.bytes(header.length, header, new byte[0]));
    damaged("has a header that is not JSON: it is not UTF-8");
    header = "{}".getBytes(StandardCharsets.UTF_16LE);
    Files.write(folder.resolve(WEIGHTS), ModelFile.bytes(header.length, header, new byte[0]));
    damaged("has a header that is not JSON");
  }

  @Test
  void weightsThatAreNoFile() throws IOException {
    Files.delete(folder.resolve(WEIGHTS));
    Files.createDirectory(folder.resolve(WEIGHTS));
    damaged(WEIGHTS + " is a directory, expected a file");
    Files.delete(folder.resolve(WEIGHTS));
    Files.createSymbolicLink(folder.resolve(WEIGHTS), Path.of(WEIGHTS));
    refused("HLA_INPUT_MISSING", () -> ModelDirectoryTest.open(folder))
        .hasMessageContaining("has neither model.safetensors nor");
  }

  @Test
  void filesThatEndEarly() throws IOException {
    Path file = folder.resolve(WEIGHTS);
    byte[] bytes = Files.readAllBytes(file);
    for (int length : new int[] {0, 7, 8, 9, 500, bytes.length / 2, bytes.length - 1}) {
      Files.write(file, Arrays.copyOf(bytes, length));
      damaged(file.toString());
    }
    Files.write(file, Arrays.copyOf(bytes, bytes.length + 1));
    damaged("bytes of data, expected the");
  }

  @ParameterizedTest
  @CsvSource({
    "../model-00002-of-00002.safetensors",
    "..",
    ".",
    "'.hidden'",
    "/etc/passwd",
    "sub/model.safetensors",
    "a\\b",
    "file:/etc/passwd",
    "a:b",
    "'a b'",
    "'*'",
    "{a,b}",
    "''",
    "a\u0000b",
    "a\u00e9"
  })
  void indexesThatNameFilesElsewhere(String shard) throws IOException {
    Map<String, String> map = shards();
    map.put("model.norm.weight", shard);
    writeIndex(map);
    damaged("maps model.norm.weight to ");
  }

  @Test
  void indexesThatDoNotFitTheirShards() throws IOException {
    Map<String, String> map = shards();
    map.put("model.norm.weight", SHARD);
    writeIndex(map);
    damaged("model-00002-of-00002.safetensors has tensor model.norm.weight, which the index");
    map.remove("model.norm.weight");
    writeIndex(map);
    damaged("has tensor model.norm.weight, which the index puts into no file");
    map.put("model.norm.weight", OTHER);
    map.put("x", SHARD);
    writeIndex(map);
    damaged("model-00001-of-00002.safetensors has no tensor x, which the index puts there");
    map.put("x", "model-00003-of-00002.safetensors");
    writeIndex(map);
    refused("HLA_INPUT_MISSING", () -> ModelDirectoryTest.open(folder))
        .hasMessageContaining("model-00003-of-00002.safetensors\" does not exist");
    map.remove("x");
    Files.copy(folder.resolve(SHARD), folder.resolve("copy.safetensors"));
    map.replaceAll((name, file) -> name.startsWith("model.layers.0.m") ? "copy.safetensors" : file);
    writeIndex(map);
    damaged(
        "has tensor model.layers.0.mlp_norm.weight, which the index puts into copy.safetensors");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                                        | has no weight_map",
        "[]                                        | is not a JSON object",
        "{'weight_map':[]}                         | has a weight_map that is no object",
        "{'weight_map':{'a':7}}                    | maps a to no file name",
        "{'weight_map':{'a':{'b':'c'}}}            | maps a to no file name",
        "{'weight_map':{'a':'b','a':'c'}}          | Duplicate field 'a'",
        "{'weight_map':{'a':'b'},'weight_map':{}}  | Duplicate field 'weight_map'",
        "{'weight_map':{                           | is not JSON",
        "{'weight_map':{}} {}                      | has something behind its JSON object",
      })
  void indexesThatAreNoTables(String index, String message) throws IOException {
    shards();
    Files.writeString(folder.resolve(INDEX), index.replace('\'', '"'));
    damaged(message);
  }

  @Test
  void largeIndexes() throws IOException {
    shards();
    try (RandomAccessFile out = new RandomAccessFile(folder.resolve(INDEX).toFile(), "rw")) {
      out.setLength(1L << 40);
    }
    damaged("is 1099511627776 bytes long, expected at most 33554432");
    StringBuilder text = new StringBuilder("{\"metadata\":");
    Files.writeString(folder.resolve(INDEX), text + "[".repeat(10_000_000));
    damaged("is not JSON");
    text.append("0,\"weight_map\":{");
    for (int i = 0; i <= HeaderReader.MOST_TENSORS; i++) {
      text.append(i == 0 ? "" : ",").append("\"t").append(i).append("\":\"f").append('"');
    }
    Files.writeString(folder.resolve(INDEX), text.append("}}"));
    refused("HLA_MODEL_DAMAGED", () -> openProbed(FULL_TABLE))
        .hasMessageContaining("has over 131072 tensors");
    Files.delete(folder.resolve(INDEX));
    Files.createDirectory(folder.resolve(INDEX));
    damaged("is a directory, expected a file");
  }

  @Test
  void largeConfigs() throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, "{\"decay\":" + "[".repeat(1_000_000));
    refusedConfig("is not JSON");
    Files.writeString(config, "{\"decay\":[" + "[],".repeat(300_000) + "[]]}");
    refusedConfig("it has no model_type");
    Files.writeString(config, "{\"vocab_size\":" + "9".repeat(1_000_000) + "}");
    refusedConfig("is not JSON");
    Files.writeString(config, "{\"" + "a".repeat(1_000_000) + "\":1}");
    refusedConfig("is not JSON");
    try (RandomAccessFile out = new RandomAccessFile(config.toFile(), "rw")) {
      out.setLength(1L << 40);
    }
    refusedConfig("is over 1048576 bytes long");
    Files.delete(config);
    Files.createDirectory(config);
    refusedConfig("config.json is a directory, expected a file");
  }

  /** Sizes that no memory holds, none of which the weights have. */
  @ParameterizedTest
  @CsvSource({
    "num_hidden_layers, 65536",
    "num_hidden_layers, 2147483647",
    "num_heads, 65536",
    "num_heads, 2147483647",
    "vocab_size, 200000000",
    "vocab_size, 2147483647",
    "intermediate_size, 200000000",
    "head_dim, 10000000",
    "value_dim, 10000000",
    "hidden_size, 70000000",
    "hidden_size, 2147483647"
  })
  void largeSizes(String key, int value) throws IOException {
    Map<String, Object> config = ModelDirectoryTest.config();
    config.put(key, value);
    config.remove("decay");
    RandomModel.writeConfig(folder, config);
    InputException refusal = refusal();
    assertThat(refusal.condition())
        .as(refusal.getMessage())
        .isIn("HLA_MODEL_CONFIG", "HLA_MODEL_SHAPE", "HLA_MODEL_TENSOR");
  }

  private void damaged(String message) {
    refused("HLA_MODEL_DAMAGED", this::openProbed).hasMessageContaining(message);
  }

  private void refusedConfig(String message) {
    refused("HLA_MODEL_CONFIG", this::openProbed).hasMessageContaining(message);
  }

  private InputException refusal() {
    try {
      openProbed();
    } catch (InputException e) {
      return e;
    }
    throw new AssertionError("nothing was refused");
  }

  /** Opens the model; whether it is refused or not, not much memory may have been taken. */
  private void openProbed() {
    openProbed(MOST_ALLOCATED);
  }

  private void openProbed(long most) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    try {
      ModelDirectoryTest.open(folder).close();
    } catch (InputException e) {
      assertThat(e.getMessage()).hasSizeLessThan(6000);
      throw e;
    } finally {
      long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
      assertThat(allocated).isBetween(1L, most);
    }
  }

  /** Makes two shards of the model; returns what the index says. */
  private Map<String, String> shards() throws IOException {
    Files.delete(folder.resolve(WEIGHTS));
    RandomModel model = RandomModel.of(ModelDirectoryTest.config()).shards(2);
    model.write(folder);
    ModelDirectoryTest.open(folder).close();
    Map<String, String> map = new LinkedHashMap<>();
    for (String shard : List.of(SHARD, OTHER)) {
      try (Safetensors file =
          Safetensors.open(ModelDirectoryTest.HADOOP, folder.resolve(shard).toString())) {
        file.tensors().keySet().forEach(name -> map.put(name, shard));
      }
    }
    return map;
  }

  private void writeIndex(Map<String, String> map) throws IOException {
    new ObjectMapper().writeValue(folder.resolve(INDEX).toFile(), Map.of("weight_map", map));
  }
}
