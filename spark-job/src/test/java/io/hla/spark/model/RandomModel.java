package io.hla.spark.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * Writes decoders with random weights. What shapes a model has is said here a second time, by its
 * own rules: nothing of the reader is used.
 */
public final class RandomModel {
  private final Map<String, Object> config;
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private long seed;
  private String dtype = "F32";
  private String values;
  private int shards;
  private boolean integers;
  private boolean shuffled;
  private UnaryOperator<String> names = UnaryOperator.identity();

  private RandomModel(Map<String, Object> config) {
    this.config = new LinkedHashMap<>(config);
    shapes();
  }

  /** A model of these keys of config.json, weights in F32 and one file. */
  public static RandomModel of(Map<String, Object> config) {
    return new RandomModel(config);
  }

  /**
   * Writes config.json and weights.
   *
   * @param dtype F64, F32, F16 or BF16
   * @param shards 0 for model.safetensors alone, else how many files with an index
   */
  public static void write(
      Path directory, Map<String, Object> config, long seed, String dtype, int shards)
      throws IOException {
    write(directory, config, seed, dtype, shards, false);
  }

  /**
   * The same, with weights that are integers from -2 to 2, norms 1 or 2, embeddings 1 or -1 (so
   * that their norm is an integer), if so wished.
   */
  public static void write(
      Path directory,
      Map<String, Object> config,
      long seed,
      String dtype,
      int shards,
      boolean integers)
      throws IOException {
    RandomModel model = of(config).seed(seed).dtype(dtype).shards(shards);
    model.integers = integers;
    model.write(directory);
  }

  /** Writes config.json alone. */
  public static void writeConfig(Path directory, Map<String, Object> config) throws IOException {
    new ObjectMapper().writeValue(directory.resolve("config.json").toFile(), config);
  }

  public RandomModel seed(long value) {
    seed = value;
    return this;
  }

  /** How weights are stored and, unless {@link #values} says otherwise, rounded. */
  public RandomModel dtype(String value) {
    dtype = value;
    return this;
  }

  /** A narrower dtype whose numbers the weights are. */
  public RandomModel values(String ofDtype) {
    values = ofDtype;
    return this;
  }

  /** 0 for model.safetensors alone, else how many files with an index. */
  public RandomModel shards(int value) {
    shards = value;
    return this;
  }

  public RandomModel integers() {
    integers = true;
    return this;
  }

  /** Writes tensors in another order. */
  public RandomModel shuffled() {
    shuffled = true;
    return this;
  }

  /** Writes each tensor under another name. */
  public RandomModel names(UnaryOperator<String> value) {
    names = value;
    return this;
  }

  /** Adds a tensor, or gives one another shape. */
  public RandomModel tensor(String name, long... shape) {
    shapes.put(name, shape);
    return this;
  }

  public RandomModel without(String name) {
    shapes.remove(name);
    return this;
  }

  /** Shapes by canonical name. */
  public Map<String, long[]> tensors() {
    return shapes;
  }

  /** The numbers of a weight, as they are stored. */
  public double[] numbers(String name) {
    long[] shape = shapes.get(name);
    double[] numbers = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    Random random = new Random(seed * 31 + name.hashCode());
    boolean norm = name.contains("norm");
    double size = name.contains("embed") ? 1 : Math.sqrt(3.0 / shape[shape.length - 1]);
    for (int i = 0; i < numbers.length; i++) {
      double number =
          integers
              ? (norm
                  ? 1 + random.nextInt(2)
                  : name.contains("embed") ? 1 - 2 * random.nextInt(2) : random.nextInt(5) - 2)
              : norm ? 0.5 + random.nextDouble() : size * (2 * random.nextDouble() - 1);
      numbers[i] = rounded(number, values == null ? dtype : values);
    }
    return numbers;
  }

  public void write(Path directory) throws IOException {
    Files.createDirectories(directory);
    writeConfig(directory, config);
    List<String> order = new ArrayList<>(shapes.keySet());
    if (shuffled) {
      Collections.shuffle(order, new Random(seed));
    }
    if (shards == 0) {
      write(directory.resolve("model.safetensors"), order);
      return;
    }
    Map<String, String> map = new LinkedHashMap<>();
    for (int shard = 0; shard < shards; shard++) {
      List<String> part =
          order.subList(order.size() * shard / shards, order.size() * (shard + 1) / shards);
      String file = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", shard + 1, shards);
      part.forEach(name -> map.put(names.apply(name), file));
      write(directory.resolve(file), part);
    }
    new ObjectMapper()
        .writeValue(
            directory.resolve("model.safetensors.index.json").toFile(),
            Map.of("metadata", Map.of("total_size", 0), "weight_map", map));
  }

  private void write(Path file, List<String> order) throws IOException {
    List<String> tensors = new ArrayList<>();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (String name : order) {
      int begin = data.size();
      data.writeBytes(stored(numbers(name)));
      String shape = Arrays.toString(shapes.get(name)).replace(" ", "");
      tensors.add(ModelFile.tensor(names.apply(name), dtype, shape, begin, data.size()));
    }
    ModelFile.write(file, "{" + String.join(",", tensors) + "}", data.toByteArray());
  }

  private byte[] stored(double[] numbers) {
    int bytes = dtype.equals("F64") ? 8 : dtype.equals("F32") ? 4 : 2;
    ByteBuffer to = ByteBuffer.allocate(bytes * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    for (double number : numbers) {
      switch (dtype) {
        case "F64" -> to.putDouble(number);
        case "F32" -> to.putFloat((float) number);
        case "F16" -> to.putShort(half(number));
        default -> to.putShort((short) (Float.floatToIntBits((float) number) >>> 16));
      }
    }
    return to.array();
  }

  private static double rounded(double number, String dtype) {
    return switch (dtype) {
      case "F64" -> number;
      case "F32" -> (float) number;
      case "F16" -> toBits(number, 11, -14);
      default -> toBits(number, 8, -126);
    };
  }

  /** The nearest number of so many significant bits, or of those that subnormal numbers keep. */
  private static double toBits(double number, int bits, int lowestExponent) {
    int exponent = Math.max(lowestExponent, Math.getExponent(number));
    return Math.scalb(Math.rint(Math.scalb(number, bits - 1 - exponent)), exponent - bits + 1);
  }

  /** The bits of a number that binary16 has. */
  private static short half(double number) {
    int sign = Double.doubleToRawLongBits(number) < 0 ? 0x8000 : 0;
    double magnitude = Math.abs(number);
    if (magnitude < 0x1p-14) {
      return (short) (sign | (int) (magnitude * 0x1p24));
    }
    int exponent = Math.getExponent(magnitude);
    int fraction = (int) (Math.scalb(magnitude, 10 - exponent) - 1024);
    return (short) (sign | exponent + 15 << 10 | fraction);
  }

  private void shapes() {
    int width = size("hidden_size", 0);
    int heads = size("num_heads", size("num_attention_heads", 0));
    int kvHeads = size("num_kv_heads", size("num_key_value_heads", heads));
    int d = size("head_dim", width / heads);
    int dv = size("value_dim", d);
    int inner = size("intermediate_size", 0);
    int vocabulary = size("vocab_size", 0);
    tensor("model.embeddings.weight", vocabulary, width);
    for (int n = 0; n < size("num_hidden_layers", 0); n++) {
      String layer = "model.layers." + n + ".";
      tensor(layer + "attn_norm.weight", width);
      tensor(layer + "attn.q_proj.weight", (long) heads * d, width);
      tensor(layer + "attn.k_proj.weight", (long) kvHeads * d, width);
      tensor(layer + "attn.v_proj.weight", (long) kvHeads * dv, width);
      tensor(layer + "attn.o_proj.weight", width, (long) heads * dv);
      if (flag("use_output_norm", true)) {
        tensor(layer + "attn.norm.weight", dv);
      }
      if (flag("use_output_gate", false)) {
        tensor(layer + "attn.g_proj.weight", (long) heads * dv, width);
      }
      if (flag("use_gk", false)) {
        tensor(layer + "attn.gk_proj.weight", heads, width);
        tensor(layer + "attn.gk_proj.bias", heads);
      }
      tensor(layer + "mlp_norm.weight", width);
      tensor(layer + "mlp.gate_proj.weight", inner, width);
      tensor(layer + "mlp.up_proj.weight", inner, width);
      tensor(layer + "mlp.down_proj.weight", width, inner);
    }
    tensor("model.norm.weight", width);
    if (!flag("tie_word_embeddings", false)) {
      tensor("lm_head.weight", vocabulary, width);
    }
  }

  private int size(String key, int otherwise) {
    return config.get(key) instanceof Integer size ? size : otherwise;
  }

  private boolean flag(String key, boolean otherwise) {
    return config.get(key) instanceof Boolean flag ? flag : otherwise;
  }
}
