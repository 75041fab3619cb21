package io.hla.spark.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.model.ModelTensor.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelDirectoryTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"F64, 0", "F32, 0", "F16, 2", "BF16, 3"})
  void readsEveryWeightOfEveryDtype(String dtype, int shards) throws IOException {
    RandomModel model = RandomModel.of(config()).seed(7).dtype(dtype).shards(shards).shuffled();
    model.write(folder);
    try (ModelDirectory opened = open()) {
      int seen = 0;
      for (int layer = -1; layer < 2; layer++) {
        for (Role role : Role.values()) {
          if (role.isOfLayer() != layer >= 0) {
            continue;
          }
          ModelTensor which = ModelTensor.of(role, layer);
          double[] expected = model.numbers(which.name());
          assertThat(opened.doubles(which)).as(which.name()).isEqualTo(expected);
          float[] floats = opened.floats(which);
          for (int i = 0; i < expected.length; i++) {
            assertThat(floats[i]).isEqualTo((float) expected[i]);
          }
          seen++;
        }
      }
      assertThat(seen).isEqualTo(model.tensors().size());
    }
  }

  private ModelDirectory open() {
    return ModelDirectory.open(new Configuration(), folder.toString(), false);
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
    config.put("use_output_gate", true);
    config.put("use_gk", true);
    return config;
  }
}
