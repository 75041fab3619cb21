package io.hla.spark.model;

import io.hla.spark.InputException;
import io.hla.spark.model.ModelTensor.Presence;
import io.hla.spark.model.ModelTensor.Role;
import io.hla.spark.model.Safetensors.Tensor;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A decoder in a directory: {@code config.json} and its weights, as {@link WeightFiles} finds them.
 * What is open has been checked: settings, headers, and every weight's name, dtype and shape. Not
 * for several threads.
 */
public final class ModelDirectory implements AutoCloseable {
  private static final String CONFIG = "config.json";
  private static final String TOKENIZER = "tokenizer.json";
  private static final int LARGEST_CONFIG = 1 << 20;
  private static final int PART = 1 << 16;

  private final ModelPath folder;
  private final ModelConfig config;
  private final WeightFiles files;
  private final Map<ModelTensor, Tensor> weights = new HashMap<>();
  private String fingerprint;

  private ModelDirectory(
      ModelPath folder, ModelConfig config, WeightFiles files, boolean allowExtra) {
    this.folder = folder;
    this.config = config;
    this.files = files;
    Set<String> others = new LinkedHashSet<>(files.tensors().keySet());
    for (int layer = ModelTensor.NO_LAYER; layer < config.layers(); layer++) {
      for (Role role : Role.values()) {
        if (role.isOfLayer() == (layer >= 0)) {
          find(new ModelTensor(role, layer), others, allowExtra);
        }
      }
    }
    if (!others.isEmpty() && !allowExtra) {
      throw new InputException(
          "HLA_MODEL_TENSOR",
          String.format(
              Locale.ROOT,
              "%s has %s, expected none but those of an hla model with %d layers",
              files.place(),
              WeightFiles.some(List.copyOf(others)),
              config.layers()));
    }
  }

  /**
   * Opens a model and checks all but its numbers; none is read.
   *
   * @param hadoop knows the file system
   * @param path the directory
   * @param allowExtra whether keys and tensors that are not known are passed over
   * @throws InputException HLA_INPUT_MISSING, HLA_PATH, HLA_MODEL_CONFIG, HLA_MODEL_DAMAGED,
   *     HLA_MODEL_TENSOR or HLA_MODEL_SHAPE
   */
  public static ModelDirectory open(Configuration hadoop, String path, boolean allowExtra) {
    try {
      ModelPath folder = ModelPath.of(hadoop, path);
      FileSystem system = folder.system();
      if (!system.getFileStatus(folder.path()).isDirectory()) {
        throw new InputException(
            "HLA_MODEL_CONFIG",
            "model \"" + path + "\" is a file, expected a directory with " + CONFIG);
      }
      ModelTokenizer tokenizer =
          system.exists(folder.child(TOKENIZER))
              ? new ModelTokenizer(ModelTokenizer.Type.TOKENIZER_JSON, TOKENIZER)
              : ModelTokenizer.none();
      Path file = folder.child(CONFIG);
      ModelConfig config =
          ConfigReader.read(file.toString(), bytes(system, file), allowExtra, tokenizer);
      checkTokenizer(folder, config.tokenizer());
      WeightFiles files = WeightFiles.open(hadoop, path);
      return new ModelDirectory(folder, config, files, allowExtra);
    } catch (FileNotFoundException e) {
      throw new InputException("HLA_INPUT_MISSING", "model \"" + path + "\" does not exist", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read model \"" + path + "\"", e);
    }
  }

  /** The settings. */
  public ModelConfig config() {
    return config;
  }

  /** Whether there is such a weight; a tied LM_HEAD is there, as the embedding. */
  public boolean has(ModelTensor which) {
    return weights.containsKey(which);
  }

  /**
   * The numbers of a weight, row-major, widened without loss.
   *
   * @throws InputException HLA_MODEL_NUMBER if one is not finite
   */
  public double[] doubles(ModelTensor which) {
    Tensor tensor = tensor(which);
    double[] numbers = new double[Math.toIntExact(tensor.count())];
    files.read(tensor, 0, numbers, 0, numbers.length);
    checkFinite(tensor, 0, numbers, numbers.length);
    return numbers;
  }

  /**
   * The numbers of a weight, row-major; those of F64 are rounded, all others are as they are.
   *
   * @throws InputException HLA_MODEL_NUMBER if one is not finite, or not as a float
   */
  public float[] floats(ModelTensor which) {
    Tensor tensor = tensor(which);
    float[] numbers = new float[Math.toIntExact(tensor.count())];
    double[] part = new double[Math.min(PART, numbers.length)];
    for (int from = 0; from < numbers.length; from += PART) {
      int count = Math.min(PART, numbers.length - from);
      files.read(tensor, from, part, 0, count);
      checkFinite(tensor, from, part, count);
      for (int i = 0; i < count; i++) {
        numbers[from + i] = (float) part[i];
        check(
            Float.isFinite(numbers[from + i]),
            "HLA_MODEL_NUMBER",
            "has %s, %s as a float, in %s at number %d, expected finite numbers",
            part[i],
            numbers[from + i],
            tensor,
            from + i);
      }
    }
    return numbers;
  }

  /**
   * Says whether two directories hold the same model: SHA-256, in hexadecimal, of all settings that
   * the features of ids depend on and of all weights that are used. It does not depend on names of
   * keys and tensors, on shards, on the order of anything, nor on a dtype that holds the same
   * numbers; nor on the tokenizer, as ids are what a model is a function of. Reads all weights
   * once.
   */
  public String fingerprint() {
    if (fingerprint == null) {
      MessageDigest digest = sha256();
      digest.update(config.meaning().getBytes(StandardCharsets.UTF_8));
      for (int layer = ModelTensor.NO_LAYER; layer < config.layers(); layer++) {
        for (Role role : Role.values()) {
          if (role.isOfLayer() == (layer >= 0) && !(role == Role.LM_HEAD && config.tied())) {
            update(digest, new ModelTensor(role, layer));
          }
        }
      }
      fingerprint = HexFormat.of().formatHex(digest.digest());
    }
    return fingerprint;
  }

  /** The path of the tokenizer's file, tokenizer.json or a vocabulary; null if it needs none. */
  public String tokenizerFile() {
    String file = config.tokenizer().file();
    return file == null ? null : folder.child(file).toString();
  }

  @Override
  public void close() {
    files.close();
  }

  private void find(ModelTensor which, Set<String> others, boolean allowExtra) {
    List<String> found = new ArrayList<>();
    for (String name : which.names()) {
      if (others.contains(name)) {
        found.add(name);
      }
    }
    Presence presence = which.presence(config);
    if (found.isEmpty()) {
      check(presence != Presence.REQUIRED, "HLA_MODEL_TENSOR", "has no %s", which.name());
      if (which.role() == Role.LM_HEAD && config.tied()) {
        weights.put(which, weights.get(ModelTensor.of(Role.EMBEDDING)));
      }
      return;
    }
    if (presence == Presence.ABSENT) {
      check(
          allowExtra,
          "HLA_MODEL_TENSOR",
          "has %s, which belongs to %s, expected none as that is false",
          found.get(0),
          which.role().key());
      return;
    }
    check(found.size() == 1, "HLA_MODEL_TENSOR", "has %s, expected one of them", found);
    Tensor tensor = files.tensors().get(found.get(0));
    others.remove(found.get(0));
    check(
        tensor.shape().equals(which.shape(config)),
        "HLA_MODEL_SHAPE",
        "has %s, expected the shape %s of its settings",
        tensor,
        which.shape(config));
    files.checkDtype(tensor);
    boolean tiedHead = which.role() == Role.LM_HEAD && config.tied();
    weights.put(which, tiedHead ? weights.get(ModelTensor.of(Role.EMBEDDING)) : tensor);
  }

  private Tensor tensor(ModelTensor which) {
    Tensor tensor = weights.get(which);
    if (tensor == null) {
      throw new IllegalArgumentException(files.place() + " has no " + which.name());
    }
    return tensor;
  }

  private void update(MessageDigest digest, ModelTensor which) {
    digest.update((which.role() + " " + which.layer()).getBytes(StandardCharsets.UTF_8));
    if (!has(which)) {
      return;
    }
    Tensor tensor = tensor(which);
    digest.update(tensor.shape().toString().getBytes(StandardCharsets.UTF_8));
    long length = tensor.count();
    double[] part = new double[(int) Math.min(PART, length)];
    ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * part.length);
    for (long from = 0; from < length; from += PART) {
      int count = (int) Math.min(PART, length - from);
      files.read(tensor, from, part, 0, count);
      checkFinite(tensor, from, part, count);
      bytes.asDoubleBuffer().put(part, 0, count);
      digest.update(bytes.array(), 0, Double.BYTES * count);
    }
  }

  private void checkFinite(Tensor tensor, long first, double[] numbers, int count) {
    for (int i = 0; i < count; i++) {
      check(
          Double.isFinite(numbers[i]),
          "HLA_MODEL_NUMBER",
          "has %s in %s at number %d, expected finite numbers",
          numbers[i],
          tensor,
          first + i);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] bytes(FileSystem system, Path file) throws IOException {
    try {
      if (system.getFileStatus(file).isDirectory()) {
        throw new InputException("HLA_MODEL_CONFIG", file + " is a directory, expected a file");
      }
    } catch (FileNotFoundException e) {
      throw new InputException("HLA_INPUT_MISSING", file + " does not exist", e);
    }
    try (FSDataInputStream stream = system.open(file)) {
      byte[] bytes = new BoundedStream(stream, LARGEST_CONFIG + 1L).readAllBytes();
      if (bytes.length > LARGEST_CONFIG) {
        throw new InputException(
            "HLA_MODEL_CONFIG", file + " is over " + LARGEST_CONFIG + " bytes long");
      }
      return bytes;
    }
  }

  private static void checkTokenizer(ModelPath folder, ModelTokenizer tokenizer)
      throws IOException {
    if (tokenizer.file() != null && !folder.system().exists(folder.child(tokenizer.file()))) {
      throw new InputException(
          "HLA_INPUT_MISSING",
          "tokenizer \"" + folder.child(tokenizer.file()) + "\" does not exist");
    }
  }

  private void check(boolean holds, String condition, String message, Object... values) {
    if (!holds) {
      throw new InputException(
          condition, files.place() + " " + String.format(Locale.ROOT, message, values));
    }
  }
}
