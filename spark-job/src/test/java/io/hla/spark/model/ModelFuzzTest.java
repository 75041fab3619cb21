package io.hla.spark.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Thousands of models that differ in some bytes from one that is right. Each of them is refused by
 * name, or means what its bytes say: the same model, or a config with other settings.
 */
class ModelFuzzTest {
  private static final int MUTANTS = 2000;
  private static final String INDEX = "model.safetensors.index.json";

  /** What stands where a number or a text was. */
  private static final List<String> VALUES =
      List.of(
          "-1",
          "0",
          "1",
          "1e999",
          "-0",
          "1.5",
          "9223372036854775807",
          "9223372036854775808",
          "null",
          "true",
          "\"x\"",
          "[]",
          "{}",
          "[[1]]",
          "4294967296",
          "NaN",
          "\"\u00e9\"",
          "\"\\u0000\"");

  @TempDir Path folder;
  private String fingerprint;

  @BeforeEach
  void writeModel() throws IOException {
    RandomModel.of(config()).shards(2).write(folder);
    fingerprint = ModelDirectoryTest.fingerprint(folder);
  }

  /** No change of a header makes another model of the same bytes of weights. */
  @Test
  void headers() throws IOException {
    Path shard = folder.resolve("model-00001-of-00002.safetensors");
    byte[] file = Files.readAllBytes(shard);
    int length = Math.toIntExact(ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong());
    byte[] header = Arrays.copyOfRange(file, 8, 8 + length);
    byte[] data = Arrays.copyOfRange(file, 8 + length, file.length);
    Outcomes outcomes = new Outcomes();
    for (int seed = 0; seed < MUTANTS; seed++) {
      Random random = new Random(seed);
      if (random.nextInt(8) == 0) {
        // All of the file in front of the numbers, so that the length changes as well.
        Files.write(shard, mutant(Arrays.copyOf(file, 8 + length), random));
        Files.write(shard, data, StandardOpenOption.APPEND);
      } else {
        byte[] other = mutant(header, random);
        Files.write(shard, ModelFile.bytes(other.length, other, data));
      }
      String opened = outcomes.of("header", seed);
      assertThat(opened).as("seed %d", seed).isIn(null, fingerprint);
    }
    outcomes.check("HLA_MODEL_DAMAGED", "HLA_MODEL_TENSOR", "HLA_MODEL_SHAPE");
  }

  @Test
  void indexes() throws IOException {
    Path index = folder.resolve(INDEX);
    byte[] file = Files.readAllBytes(index);
    Outcomes outcomes = new Outcomes();
    for (int seed = 0; seed < MUTANTS; seed++) {
      Files.write(index, mutant(file, new Random(seed)));
      String opened = outcomes.of("index", seed);
      assertThat(opened).as("seed %d", seed).isIn(null, fingerprint);
    }
    // A shard of another name is one that does not exist.
    outcomes.check("HLA_MODEL_DAMAGED", "HLA_INPUT_MISSING");
  }

  /** A config that is read as another has another fingerprint, and no other has. */
  @Test
  void configs() throws IOException {
    Path config = folder.resolve("config.json");
    byte[] file = Files.readAllBytes(config);
    ModelConfig original;
    try (ModelDirectory model = ModelDirectoryTest.open(folder)) {
      original = model.config();
    }
    Outcomes outcomes = new Outcomes();
    int others = 0;
    for (int seed = 0; seed < MUTANTS; seed++) {
      byte[] mutant = mutant(file, new Random(seed));
      Files.write(config, mutant);
      String opened = outcomes.of("config", seed);
      if (opened != null) {
        boolean same = meaning(mutant).equals(meaning(file));
        others += same ? 0 : 1;
        assertThat(opened.equals(fingerprint))
            .as("seed %d: %s", seed, new String(mutant, StandardCharsets.UTF_8))
            .isEqualTo(same);
        try (ModelDirectory model = ModelDirectoryTest.open(folder)) {
          assertThat(model.config().equals(original)).as("seed %d", seed).isEqualTo(same);
        }
      }
    }
    assertThat(others).isGreaterThan(20);
    outcomes.check("HLA_MODEL_CONFIG", "HLA_MODEL_SHAPE", "HLA_MODEL_TENSOR");
  }

  /** The values of a config that is right, whatever its white space and the spelling of numbers. */
  private static Map<String, Object> meaning(byte[] json) throws IOException {
    Map<String, Object> meaning = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : new ObjectMapper().readTree(json).properties()) {
      if (!entry.getValue().isNull() && !entry.getKey().equals("torch_dtype")) {
        meaning.put(
            entry.getKey(),
            entry.getValue().isNumber() ? entry.getValue().doubleValue() : entry.getValue());
      }
    }
    return meaning;
  }

  /** One to three changes, most of them of single bytes or single values. */
  private static byte[] mutant(byte[] original, Random random) {
    byte[] bytes = original;
    for (int change = 1 + random.nextInt(10) / 4; change > 0; change--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(9)) {
        case 0 -> bytes = replaced(bytes, at, at + 1, new byte[] {(byte) random.nextInt(256)});
        case 1 ->
            bytes =
                replaced(
                    bytes, at, at + 1, new byte[] {(byte) (bytes[at] ^ 1 << random.nextInt(7))});
        case 2 ->
            bytes =
                replaced(
                    bytes, at, at, new byte[] {(byte) " ,:0{}[]\"-e.".charAt(random.nextInt(12))});
        case 3 -> bytes = replaced(bytes, at, at + 1, new byte[0]);
        case 4 ->
            bytes =
                replaced(bytes, at, Math.min(bytes.length, at + random.nextInt(40)), new byte[0]);
        case 5 -> {
          // A part of it once more, somewhere else.
          byte[] part =
              Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + random.nextInt(120)));
          int to = random.nextInt(bytes.length);
          bytes = replaced(bytes, to, to, part);
        }
        case 6 -> bytes = Arrays.copyOf(bytes, Math.max(1, at));
        default -> bytes = otherValue(bytes, at, random);
      }
      if (bytes.length == 0) {
        return new byte[] {' '};
      }
    }
    return bytes;
  }

  /** Another value behind the colon or comma that comes next. */
  private static byte[] otherValue(byte[] bytes, int from, Random random) {
    int start = from;
    while (start < bytes.length && bytes[start] != ':' && bytes[start] != ',') {
      start++;
    }
    int end = Math.min(bytes.length, start + 1);
    while (end < bytes.length && ",]}".indexOf(bytes[end]) < 0) {
      end++;
    }
    String value =
        random.nextBoolean()
            ? VALUES.get(random.nextInt(VALUES.size()))
            : Integer.toString(random.nextInt(100));
    return replaced(
        bytes, Math.min(bytes.length, start + 1), end, value.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] replaced(byte[] bytes, int from, int to, byte[] by) {
    return ByteBuffer.allocate(bytes.length - (to - from) + by.length)
        .put(bytes, 0, from)
        .put(by)
        .put(bytes, to, bytes.length - to)
        .array();
  }

  private static Map<String, Object> config() {
    Map<String, Object> config = ModelDirectoryTest.config();
    config.put("num_hidden_layers", 1);
    config.put("norm_eps", 1e-5);
    config.put("normalize_epsilon", 0.001);
    config.put("gate_logit_normalizer", 16);
    config.put("scale", 0.25);
    config.put("torch_dtype", "float32");
    return config;
  }

  /** What became of the mutants. */
  private final class Outcomes {
    private final Map<String, Integer> counts = new TreeMap<>();

    /** The fingerprint of the model as it is now, or null if it is refused by name. */
    String of(String what, int seed) {
      try {
        String opened = ModelDirectoryTest.fingerprint(folder);
        counts.merge("opened", 1, Integer::sum);
        return opened;
      } catch (InputException e) {
        counts.merge(e.condition(), 1, Integer::sum);
        assertThat(e.getMessage()).as("%s, seed %d", what, seed).hasSizeLessThan(6000);
        return null;
      } catch (RuntimeException | Error e) {
        throw new AssertionError(what + ", seed " + seed + " is refused without a name", e);
      }
    }

    /** Mutants were refused by these names and by none else, and some were not. */
    void check(String... conditions) {
      assertThat(counts.keySet()).as(counts.toString()).contains("opened", conditions[0]);
      counts.remove("opened");
      assertThat(conditions).as(counts.toString()).containsAll(counts.keySet());
    }
  }
}
