package io.hla.spark.model;

import static io.hla.spark.model.Refusal.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.model.ModelTensor.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a model that is as it should be gives, and what of its tensors is refused. */
class ModelDirectoryTest {
  private static final String Q0 = "model.layers.0.attn.q_proj.weight";

  /** Made once: each one parses the defaults anew. */
  static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"F64, 0", "F32, 0", "F32, 4", "F16, 2", "BF16, 3"})
  void readsEveryWeightOfEveryDtype(String dtype, int shards) throws IOException {
    RandomModel model = RandomModel.of(config()).seed(7).dtype(dtype).shards(shards).shuffled();
    model.write(folder);
    try (ModelDirectory opened = open(folder)) {
      List<ModelTensor> all = all(opened.config());
      assertThat(all).extracting(ModelTensor::name).hasSameElementsAs(model.tensors().keySet());
      for (ModelTensor which : all) {
        double[] expected = model.numbers(which.name());
        assertThat(opened.doubles(which)).as(which.name()).isEqualTo(expected);
        float[] floats = opened.floats(which);
        assertThat(floats).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
          assertThat(floats[i]).isEqualTo((float) expected[i]);
        }
      }
    }
  }

  /** More numbers than one part of a read, and than one byte buffer. */
  @Test
  void readsLargeTensorsInParts() throws IOException {
    Map<String, Object> config = config();
    config.put("vocab_size", 40_001);
    RandomModel model = RandomModel.of(config).seed(3).dtype("F64");
    model.write(folder);
    double[] expected = model.numbers("model.embeddings.weight");
    try (ModelDirectory opened = open(folder)) {
      ModelTensor embedding = ModelTensor.of(Role.EMBEDDING);
      assertThat(opened.doubles(embedding)).isEqualTo(expected);
      float[] floats = opened.floats(embedding);
      for (int i = 0; i < expected.length; i++) {
        assertThat(floats[i]).isEqualTo((float) expected[i]);
      }
      assertThat(opened.fingerprint()).hasSize(64).isEqualTo(opened.fingerprint());
    }
  }

  @Test
  void findsEveryTensorByItsOtherNames() throws IOException {
    Map<String, List<String>> names = new LinkedHashMap<>();
    String[] of = {
      "model.embeddings.weight model.embed_tokens.weight model.wte.weight model.tok_embeddings.weight",
      "attn_norm.weight input_layernorm.weight",
      "attn.q_proj.weight self_attn.q_proj.weight",
      "attn.k_proj.weight self_attn.k_proj.weight",
      "attn.v_proj.weight self_attn.v_proj.weight",
      "attn.o_proj.weight self_attn.o_proj.weight",
      "attn.norm.weight attn.g_norm.weight attn.g_norm_swish_gate.weight attn.o_norm.weight",
      "mlp_norm.weight post_attention_layernorm.weight"
    };
    for (String line : of) {
      List<String> all = List.of(line.split(" "));
      names.put(all.get(0), all);
    }
    String fingerprint = null;
    for (int use = 0; use < 4; use++) {
      int which = use;
      Path at = folder.resolve("names" + use);
      RandomModel.of(config())
          .names(
              name -> {
                String layer = name.startsWith("model.layers.") ? name.substring(0, 15) : "";
                List<String> all = names.get(name.substring(layer.length()));
                return all == null ? name : layer + all.get(Math.min(which, all.size() - 1));
              })
          .write(at);
      try (ModelDirectory opened = open(at)) {
        assertThat(opened.doubles(ModelTensor.of(Role.MLP_NORM, 1)))
            .isEqualTo(RandomModel.of(config()).numbers("model.layers.1.mlp_norm.weight"));
        fingerprint = fingerprint == null ? opened.fingerprint() : fingerprint;
        assertThat(opened.fingerprint()).isEqualTo(fingerprint);
      }
    }
  }

  @Test
  void aTiedHeadIsTheEmbedding() throws IOException {
    Map<String, Object> config = config();
    config.put("tie_word_embeddings", true);
    ModelTensor head = ModelTensor.of(Role.LM_HEAD);
    RandomModel model = RandomModel.of(config);
    model.write(folder.resolve("without"));
    model.tensor("lm_head.weight", 29, 10).write(folder.resolve("with"));
    String fingerprint;
    try (ModelDirectory without = open(folder.resolve("without"))) {
      assertThat(without.doubles(head)).isEqualTo(model.numbers("model.embeddings.weight"));
      fingerprint = without.fingerprint();
    }
    try (ModelDirectory with = open(folder.resolve("with"))) {
      assertThat(with.doubles(head)).isEqualTo(model.numbers("model.embeddings.weight"));
      assertThat(with.fingerprint()).isEqualTo(fingerprint);
    }
    model.tensor("lm_head.weight", 28, 10).write(folder);
    refused("HLA_MODEL_SHAPE", () -> open(folder))
        .hasMessageContaining("has lm_head.weight [28, 10], expected the shape [29, 10]");
  }

  @Test
  void theBiasOfGatesMayBeLeftOut() throws IOException {
    ModelTensor bias = ModelTensor.of(Role.GK_BIAS, 0);
    RandomModel model = RandomModel.of(config());
    model.write(folder);
    try (ModelDirectory with = open(folder)) {
      assertThat(with.has(bias)).isTrue();
      model
          .without("model.layers.0.attn.gk_proj.bias")
          .without("model.layers.1.attn.gk_proj.bias")
          .write(folder.resolve("without"));
      try (ModelDirectory without = open(folder.resolve("without"))) {
        assertThat(without.has(bias)).isFalse();
        assertThat(without.fingerprint()).isNotEqualTo(with.fingerprint());
        assertThatThrownBy(() -> without.doubles(bias))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("has no model.layers.0.attn.gk_proj.bias");
      }
    }
  }

  /** The same numbers in any container, file and order are one model. */
  @Test
  void fingerprintsAreThoseOfTheModelAndNotOfItsFiles() throws IOException {
    List<String> fingerprints = new ArrayList<>();
    for (String dtype : List.of("BF16", "F32", "F64")) {
      for (int shards : new int[] {0, 1, 3}) {
        Path at = folder.resolve(dtype + shards);
        RandomModel model = RandomModel.of(config()).dtype(dtype).values("BF16").shards(shards);
        (shards == 3 ? model.shuffled() : model).write(at);
        fingerprints.add(fingerprint(at));
      }
    }
    assertThat(fingerprints).hasSize(9).containsOnly(fingerprints.get(0));
    RandomModel.of(config()).dtype("F32").write(folder.resolve("other"));
    assertThat(fingerprint(folder.resolve("other"))).isNotEqualTo(fingerprints.get(0));
  }

  @Test
  void everyWeightIsInTheFingerprint() throws IOException {
    RandomModel.write(folder, config(), 1, "F32", 0);
    String fingerprint = fingerprint(folder);
    Path file = folder.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    int data = Math.toIntExact(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0));
    for (Safetensors.Tensor tensor : tensors(file)) {
      byte[] other = bytes.clone();
      other[8 + data + (int) tensor.end() - 4] ^= 1; // the last bit of its last number
      Files.write(file, other);
      assertThat(fingerprint(folder)).as(tensor.name()).isNotEqualTo(fingerprint);
    }
  }

  @Test
  void refusesNumbersThatAreNotFinite() throws IOException {
    RandomModel.write(folder, config(), 1, "F64", 0);
    Path file = folder.resolve("model.safetensors");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    Safetensors.Tensor q =
        tensors(file).stream().filter(tensor -> tensor.name().equals(Q0)).findFirst().orElseThrow();
    int at = Math.toIntExact(8 + bytes.getLong(0) + q.begin()) + 8 * 17;
    ModelTensor which = ModelTensor.of(Role.Q_PROJ, 0);
    for (double number : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
      Files.write(file, bytes.putDouble(at, number).array());
      try (ModelDirectory model = open(folder)) {
        String message = "has " + number + " in " + Q0 + " [12, 10] at number 17, expected finite";
        refused("HLA_MODEL_NUMBER", () -> model.doubles(which)).hasMessageContaining(message);
        refused("HLA_MODEL_NUMBER", () -> model.floats(which)).hasMessageContaining(message);
        refused("HLA_MODEL_NUMBER", model::fingerprint).hasMessageContaining(message);
      }
    }
    Files.write(file, bytes.putDouble(at, 1e39).array());
    try (ModelDirectory model = open(folder)) {
      assertThat(model.doubles(which)[17]).isEqualTo(1e39);
      refused("HLA_MODEL_NUMBER", () -> model.floats(which))
          .hasMessageContaining("has 1.0E39, Infinity as a float, in " + Q0);
    }
  }

  @Test
  void refusesTensorsThatAreMissingOrToMany() throws IOException {
    RandomModel model = RandomModel.of(config());
    for (String name : model.tensors().keySet()) {
      if (!name.endsWith("bias")) {
        Path at = folder.resolve(name);
        RandomModel.of(config()).without(name).write(at);
        refused("HLA_MODEL_TENSOR", () -> open(at)).hasMessageContaining("has no " + name);
      }
    }
    String bias = "model.layers.0.attn.q_proj.bias";
    model.tensor(bias, 12).write(folder);
    refused("HLA_MODEL_TENSOR", () -> open(folder))
        .hasMessageContaining("has [" + bias + "], expected none but those of an hla model");
    ModelDirectory.open(HADOOP, folder.toString(), true).close();
    String alias = "model.layers.0.self_attn.q_proj.weight";
    model.tensor(alias, 12, 10).write(folder);
    for (boolean allowExtra : new boolean[] {false, true}) {
      refused("HLA_MODEL_TENSOR", () -> ModelDirectory.open(HADOOP, folder.toString(), allowExtra))
          .hasMessageContaining("has [" + Q0 + ", " + alias + "], expected one of them");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "use_output_norm, false, model.layers.0.attn.norm.weight",
    "use_output_gate, false, model.layers.0.attn.g_proj.weight",
    "use_gk, false, model.layers.0.attn.gk_proj.weight",
    "num_hidden_layers, 1, model.layers.1.attn_norm.weight"
  })
  void refusesTensorsThatTheSettingsLeaveOut(String key, String value, String tensor)
      throws IOException {
    RandomModel.write(folder, config(), 1, "F32", 0);
    String fingerprint = fingerprint(folder);
    Map<String, Object> other = config();
    other.put(key, value.equals("false") ? Boolean.FALSE : (Object) Integer.valueOf(value));
    RandomModel.writeConfig(folder, other);
    refused("HLA_MODEL_TENSOR", () -> open(folder)).hasMessageContaining(tensor);
    try (ModelDirectory model = ModelDirectory.open(HADOOP, folder.toString(), true)) {
      assertThat(model.fingerprint()).isNotEqualTo(fingerprint);
    }
  }

  @Test
  void refusesEveryTensorOfAnotherShape() throws IOException {
    for (Map.Entry<String, long[]> tensor : RandomModel.of(config()).tensors().entrySet()) {
      long[] shape = tensor.getValue().clone();
      shape[shape.length - 1]++;
      Path at = folder.resolve(tensor.getKey());
      RandomModel.of(config()).tensor(tensor.getKey(), shape).write(at);
      refused("HLA_MODEL_SHAPE", () -> open(at)).hasMessageContaining("has " + tensor.getKey());
    }
    RandomModel.of(config()).tensor(Q0, 10, 12).write(folder);
    refused("HLA_MODEL_SHAPE", () -> open(folder))
        .hasMessageContaining("has " + Q0 + " [10, 12], expected the shape [12, 10]");
  }

  @Test
  void refusesOtherDtypes() throws IOException {
    RandomModel.of(config()).dtype("F32").write(folder);
    Path file = folder.resolve("model.safetensors");
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    Files.writeString(file, text.replaceFirst("F32", "I32"), StandardCharsets.ISO_8859_1);
    refused("HLA_MODEL_TENSOR", () -> open(folder))
        .hasMessageContaining("holds model.embeddings.weight as I32, expected one of [F64, F32");
  }

  @Test
  void refusesWhatIsNotThere() throws IOException {
    refused("HLA_INPUT_MISSING", () -> open(folder.resolve("none")))
        .hasMessageContaining("none\" does not exist");
    refused("HLA_INPUT_MISSING", () -> open(folder)).hasMessageContaining("config.json does not");
    RandomModel.write(folder, config(), 1, "F32", 0);
    refused("HLA_MODEL_CONFIG", () -> open(folder.resolve("config.json")))
        .hasMessageContaining("config.json\" is a file, expected a directory");
    for (String path : List.of("", "nosuch://a/b", "a b:c")) {
      refused("HLA_PATH", () -> ModelDirectory.open(HADOOP, path, false));
      refused("HLA_PATH", () -> WeightFiles.open(HADOOP, path));
    }
    Files.delete(folder.resolve("model.safetensors"));
    refused("HLA_INPUT_MISSING", () -> open(folder))
        .hasMessageContaining("has neither model.safetensors nor model.safetensors.index.json");
  }

  @Test
  void tokenizersAreFilesOfTheDirectory() throws IOException {
    RandomModel.write(folder, config(), 1, "F32", 0);
    try (ModelDirectory model = open(folder)) {
      assertThat(model.config().tokenizer().type()).isEqualTo(ModelTokenizer.Type.NONE);
      assertThat(model.tokenizerFile()).isNull();
    }
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    String fingerprint;
    try (ModelDirectory model = open(folder)) {
      assertThat(model.config().tokenizer().type()).isEqualTo(ModelTokenizer.Type.TOKENIZER_JSON);
      assertThat(model.tokenizerFile()).isEqualTo(folder.resolve("tokenizer.json").toString());
      fingerprint = model.fingerprint();
    }
    Map<String, Object> config = config();
    config.put("tokenizer", Map.of("type", "vocabulary", "file", "words.txt"));
    RandomModel.writeConfig(folder, config);
    refused("HLA_INPUT_MISSING", () -> open(folder)).hasMessageContaining("words.txt\" does not");
    Files.writeString(folder.resolve("words.txt"), "<unk>\n");
    try (ModelDirectory model = open(folder)) {
      assertThat(model.tokenizerFile()).isEqualTo(folder.resolve("words.txt").toString());
      assertThat(model.fingerprint()).isEqualTo(fingerprint);
    }
  }

  /** A file that is written anew between header and numbers. */
  @Test
  void noticesFilesThatChange() throws IOException {
    RandomModel.write(folder, config(), 1, "F32", 0);
    Path file = folder.resolve("model.safetensors");
    try (ModelDirectory model = open(folder)) {
      Files.setLastModifiedTime(file, FileTime.fromMillis(86_400_000));
      refused("HLA_INPUT_CHANGED", model::fingerprint).hasMessageContaining("model.safetensors");
    }
  }

  @Test
  void aPathMayBeAnAddress() throws IOException {
    RandomModel.write(folder, config(), 1, "F32", 2);
    try (ModelDirectory model = ModelDirectory.open(HADOOP, folder.toUri().toString(), false)) {
      assertThat(model.fingerprint()).isEqualTo(fingerprint(folder));
    }
  }

  static List<ModelTensor> all(ModelConfig config) {
    List<ModelTensor> all = new ArrayList<>();
    for (int layer = ModelTensor.NO_LAYER; layer < config.layers(); layer++) {
      for (Role role : Role.values()) {
        if (role.isOfLayer() == (layer >= 0)) {
          all.add(ModelTensor.of(role, layer));
        }
      }
    }
    return all;
  }

  private static List<Safetensors.Tensor> tensors(Path file) {
    try (Safetensors opened = Safetensors.open(HADOOP, file.toString())) {
      return List.copyOf(opened.tensors().values());
    }
  }

  static ModelDirectory open(Path at) {
    return ModelDirectory.open(HADOOP, at.toString(), false);
  }

  static String fingerprint(Path at) {
    try (ModelDirectory model = open(at)) {
      return model.fingerprint();
    }
  }

  /** All sizes differ, so that none can stand for another. */
  static Map<String, Object> config() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("model_type", "hla");
    config.put("vocab_size", 29);
    config.put("hidden_size", 10);
    config.put("num_hidden_layers", 2);
    config.put("num_heads", 4);
    config.put("num_kv_heads", 2);
    config.put("head_dim", 3);
    config.put("value_dim", 5);
    config.put("intermediate_size", 14);
    config.put("operator", "hla2");
    config.put("decay", List.of(0.9, 0.99, 1.0, 0.5));
    config.put("normalize", true);
    config.put("use_output_gate", true);
    config.put("use_gk", true);
    return config;
  }
}
