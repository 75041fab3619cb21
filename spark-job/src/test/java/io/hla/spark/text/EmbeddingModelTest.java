package io.hla.spark.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.kernels.Element;
import io.hla.spark.InputException;
import io.hla.spark.model.ModelFile;
import io.hla.spark.model.RandomModel;
import io.hla.spark.tokenizer.Vocabulary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingModelTest {
  private static final String PREFIX = "model.layers.0.self_attn.";

  @TempDir Path folder;

  @Test
  void projectsTheSampleAsAPlainSumDoes() throws IOException {
    ByteBuffer file =
        ByteBuffer.wrap(Files.readAllBytes(Path.of(Sample.MODEL))).order(ByteOrder.LITTLE_ENDIAN);
    int data = 8 + Math.toIntExact(file.getLong(0));
    int[] weights = {data + 3_687_600, data + 3_713_200, data + 3_738_800};
    EmbeddingModel floats = Sample.model(Element.FLOAT);
    EmbeddingModel doubles = Sample.model(Element.DOUBLE);
    assertThat(floats.headDim()).isEqualTo(16);
    assertThat(floats.valueDim()).isEqualTo(16);
    for (int id : new int[] {0, 1, 255, 256, floats.vocabulary().id("whale"), 9218}) {
      VectorTable[] single = {floats.queries(), floats.keys(), floats.values()};
      VectorTable[] wide = {doubles.queries(), doubles.keys(), doubles.values()};
      for (int i = 0; i < 3; i++) {
        double[] expected = new double[64];
        for (int o = 0; o < 64; o++) {
          for (int e = 0; e < 100; e++) {
            double x = file.getFloat(data + 4 * (id * 100 + e));
            expected[o] += x * file.getFloat(weights[i] + 4 * (o * 100 + e));
          }
        }
        double[] actual = new double[64];
        wide[i].copy(id, actual, 0);
        assertThat(actual).as("doubles of %d", id).isEqualTo(expected);
        float[] rounded = new float[64];
        single[i].copy(id, rounded, 0);
        for (int o = 0; o < 64; o++) {
          assertThat(rounded[o]).isEqualTo((float) expected[o]);
        }
      }
    }
  }

  @Test
  void findsTensorsByUniqueSuffix() throws IOException {
    EmbeddingModel model = read(small(PREFIX, 2, 4, 2, 6), words(2), 2, 1);
    assertThat(List.of(model.headDim(), model.valueDim())).containsExactly(2, 6);
    assertThat(List.of(model.queryWidth(), model.keyWidth(), model.valueWidth()))
        .containsExactly(4, 2, 6);
  }

  /** A decoder of one layer, in shards, whose embedding has another name. */
  @Test
  void readsDirectories() throws IOException {
    Map<String, Object> config = new HashMap<>();
    Map.of("vocab_size", 3, "hidden_size", 4, "num_hidden_layers", 1, "num_heads", 2)
        .forEach(config::put);
    Map.of("num_kv_heads", 1, "head_dim", 5, "value_dim", 7, "intermediate_size", 2)
        .forEach(config::put);
    RandomModel decoder = RandomModel.of(config).seed(5);
    String words = Files.writeString(folder.resolve("words.txt"), words(3)).toString();
    double[] embedding = decoder.numbers("model.embeddings.weight");
    double[] values = decoder.numbers("model.layers.0.attn.v_proj.weight");
    for (String alias : List.of("embeddings", "embed_tokens", "wte", "tok_embeddings")) {
      for (int shards : new int[] {0, 3}) {
        Path at = folder.resolve(alias + shards);
        decoder.names(name -> name.replace("embeddings", alias)).shards(shards).write(at);
        EmbeddingModel model =
            EmbeddingModel.read(new Configuration(), at.toString(), words, 2, 1, Element.DOUBLE);
        assertThat(List.of(model.headDim(), model.valueDim())).containsExactly(5, 7);
        double[] actual = new double[7];
        model.values().copy(2, actual, 0);
        for (int o = 0; o < 7; o++) {
          double expected = 0;
          for (int e = 0; e < 4; e++) {
            expected += embedding[2 * 4 + e] * values[o * 4 + e];
          }
          assertThat(actual[o]).isEqualTo(expected);
        }
      }
    }
    Files.delete(folder.resolve("wte3").resolve("model-00002-of-00003.safetensors"));
    refused("HLA_INPUT_MISSING", () -> read(folder + "/wte3", words, 2, 1))
        .hasMessageContaining("model-00002-of-00003.safetensors\" does not exist");
  }

  @Test
  void refusesTensorsThatAreNotThere() throws IOException {
    ModelFile lacking = new ModelFile().add("embed_tokens.weight", 1, 2).add("x.weight", 1, 2);
    refused("HLA_MODEL_TENSOR", () -> read(lacking, words(1), 1, 1))
        .hasMessageContaining("no tensor q_proj.weight; it has [embed_tokens.weight, x.weight]");
    ModelFile twice = small("a.", 2, 2, 2, 2).add("b.q_proj.weight", 2, 3);
    refused("HLA_MODEL_TENSOR", () -> read(twice, words(2), 1, 1))
        .hasMessageContaining("several tensors q_proj.weight: [a.q_proj.weight, b.q_proj.weight]");
  }

  @Test
  void refusesShapesThatDoNotFit() throws IOException {
    refused("HLA_VOCABULARY", () -> read(small("", 3, 2, 2, 2), words(2), 1, 1))
        .hasMessageContaining("has 2 words, expected the 3 rows of embed_tokens.weight [3, 3]");
    refused("HLA_MODEL_SHAPE", () -> read(small("", 2, 4, 2, 2), words(2), 3, 1))
        .hasMessageContaining("q_proj.weight [4, 3] gives 4 numbers, expected a multiple of")
        .hasMessageContaining("num-heads 3");
    refused("HLA_MODEL_SHAPE", () -> read(small("", 2, 4, 4, 2), words(2), 2, 1))
        .hasMessageContaining("gives 2 numbers to each of 2 heads, k_proj.weight [4, 3] gives 4");
    ModelFile narrow =
        new ModelFile()
            .add("embed_tokens.weight", 2, 3)
            .add("q_proj.weight", 2, 3)
            .add("k_proj.weight", 2, 3)
            .add("v_proj.weight", 2, 5);
    refused("HLA_MODEL_SHAPE", () -> read(narrow, words(2), 1, 1))
        .hasMessageContaining("v_proj.weight [2, 5] takes 5 numbers, expected the 3");
    ModelFile flat = small("", 2, 4, 4, 2).add("embed_tokens.weight", 6);
    refused("HLA_MODEL_SHAPE", () -> read(flat, words(2), 1, 1))
        .hasMessageContaining("embed_tokens.weight [6] has 1 dimensions, expected 2");
  }

  @Test
  void refusesVocabularies() throws IOException {
    ModelFile model = small("", 2, 2, 2, 2);
    refused("HLA_VOCABULARY", () -> read(model, "<unk>\nsea\nsea\n", 1, 1))
        .hasMessageContaining("holds \"sea\" in line 2 and again in line 3");
    refused("HLA_VOCABULARY", () -> read(model, "", 1, 1)).hasMessageContaining("has no words");
    Path file = model.write(folder.resolve("m.safetensors"));
    refused("HLA_INPUT_MISSING", () -> read(file.toString(), folder + "/none", 1, 1))
        .hasMessageContaining("/none\" does not exist");
    refused("HLA_INPUT_MISSING", () -> read(folder + "/none", Sample.WORDS, 1, 1))
        .hasMessageContaining("/none\" does not exist");
  }

  @Test
  void readsWordsByLine() throws IOException {
    Path file =
        Files.writeString(folder.resolve("v"), "<unk>\r\nsea\nthe\u00e9", StandardCharsets.UTF_8);
    Vocabulary words = Vocabulary.read(new Configuration(), file.toString());
    assertThat(words.size()).isEqualTo(3);
    assertThat(List.of(words.id("sea"), words.id("the\u00e9"), words.id("the")))
        .containsExactly(1, 2, 0);
  }

  /** V words of 3 numbers, with so many rows in q, k and v. */
  private static ModelFile small(String prefix, int words, int query, int key, int value) {
    return new ModelFile()
        .add((prefix.isEmpty() ? "" : "model.") + "embed_tokens.weight", words, 3)
        .add(prefix + "q_proj.weight", query, 3)
        .add(prefix + "k_proj.weight", key, 3)
        .add(prefix + "v_proj.weight", value, 3);
  }

  private static String words(int count) {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < count; i++) {
      lines.append("word").append(i).append('\n');
    }
    return lines.toString();
  }

  private EmbeddingModel read(ModelFile model, String words, int heads, int kvHeads)
      throws IOException {
    Path file = model.write(folder.resolve("model.safetensors"));
    Path lines = Files.writeString(folder.resolve("words.txt"), words);
    return read(file.toString(), lines.toString(), heads, kvHeads);
  }

  private static EmbeddingModel read(String model, String words, int heads, int kvHeads) {
    return EmbeddingModel.read(new Configuration(), model, words, heads, kvHeads, Element.FLOAT);
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> refused(
      String condition, ThrowingCallable call) {
    return assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo(condition));
  }
}
