package io.hla.spark.model;

import io.hla.spark.InputException;
import io.hla.spark.model.Safetensors.Tensor;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/**
 * The tensors of a model by name, whichever files they are in: one safetensors file, or a directory
 * with {@code model.safetensors} or, where there is none, {@code model.safetensors.index.json} and
 * the shards that it names, in the same directory. All headers are checked, and the index against
 * them, before any number is read. One file at a time is open. Not for several threads.
 */
public final class WeightFiles implements AutoCloseable {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final int MOST_LISTED = 20;

  private final String place;
  private final Map<String, Safetensors> files = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private Safetensors reading;

  private WeightFiles(String place) {
    this.place = place;
  }

  /**
   * Opens a file or a directory and checks all headers.
   *
   * @throws InputException HLA_INPUT_MISSING for what does not exist, HLA_MODEL_DAMAGED if a file
   *     is damaged or not what the index says
   */
  public static WeightFiles open(Configuration configuration, String place) {
    WeightFiles opened = new WeightFiles(place);
    try {
      ModelPath path = ModelPath.of(configuration, place);
      FileSystem system = path.system();
      if (!system.getFileStatus(path.path()).isDirectory()) {
        opened.add(Safetensors.open(configuration, place));
      } else if (system.exists(path.child(SINGLE))) {
        opened.add(Safetensors.open(configuration, path.child(SINGLE).toString()));
      } else if (system.exists(path.child(INDEX))) {
        opened.addShards(configuration, path, ShardIndex.read(system, path.child(INDEX)));
      } else {
        throw new InputException(
            "HLA_INPUT_MISSING", "model \"" + place + "\" has neither " + SINGLE + " nor " + INDEX);
      }
      return opened;
    } catch (FileNotFoundException e) {
      throw new InputException("HLA_INPUT_MISSING", "model \"" + place + "\" does not exist", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read model \"" + place + "\"", e);
    }
  }

  /** Where the files are, as it was given. */
  public String place() {
    return place;
  }

  /** The tensors of all files by name. */
  public Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * The tensor of the first of these names that is there: exactly or, when it is not, as the only
   * one whose name ends with "." and the name.
   *
   * @throws InputException HLA_MODEL_TENSOR if there is none or several; it names those present
   */
  public Tensor find(String... names) {
    for (String name : names) {
      Tensor exact = tensors.get(name);
      if (exact != null) {
        return exact;
      }
      List<String> found =
          tensors.keySet().stream().filter(other -> other.endsWith("." + name)).toList();
      if (found.size() == 1) {
        return tensors.get(found.get(0));
      }
      if (found.size() > 1) {
        throw new InputException(
            "HLA_MODEL_TENSOR",
            String.format(
                Locale.ROOT,
                "%s has several tensors %s: %s, expected one",
                place,
                name,
                some(found)));
      }
    }
    throw new InputException(
        "HLA_MODEL_TENSOR",
        String.format(
            Locale.ROOT,
            "%s has no tensor %s; it has %s",
            place,
            String.join(" or ", names),
            some(List.copyOf(tensors.keySet()))));
  }

  /** The file that a tensor is in. */
  public String file(Tensor tensor) {
    return files.get(tensor.name()).file();
  }

  /**
   * Reads {@code count} numbers of a tensor, from its number {@code first} on in row-major order,
   * to {@code to[at..]}.
   *
   * @throws InputException HLA_MODEL_TENSOR if the dtype is not F64, F32, F16 or BF16;
   *     HLA_MODEL_DAMAGED or HLA_INPUT_CHANGED if a file is not the one whose header was read
   */
  public void read(Tensor tensor, long first, double[] to, int at, int count) {
    Safetensors file = files.get(tensor.name());
    if (reading != null && reading != file) {
      reading.release();
    }
    reading = file;
    file.read(tensor, first, to, at, count);
  }

  /** Refuses a tensor whose dtype is not read. Throws {@link InputException} HLA_MODEL_TENSOR. */
  void checkDtype(Tensor tensor) {
    files.get(tensor.name()).dtype(tensor);
  }

  @Override
  public void close() {
    if (reading != null) {
      reading.close();
    }
  }

  /** Names as messages list them. */
  static String some(List<String> names) {
    List<ModelJson.Shown> first = names.stream().limit(MOST_LISTED).map(ModelJson::shown).toList();
    return names.size() <= MOST_LISTED
        ? first.toString()
        : first + " and " + (names.size() - MOST_LISTED) + " more";
  }

  private void add(Safetensors file) {
    file.release();
    for (Tensor tensor : file.tensors().values()) {
      tensors.put(tensor.name(), tensor);
      files.put(tensor.name(), file);
    }
  }

  private void addShards(Configuration configuration, ModelPath folder, Map<String, String> index) {
    Set<String> shards = new LinkedHashSet<>(index.values());
    for (String shard : shards) {
      Safetensors file = Safetensors.open(configuration, folder.child(shard).toString());
      for (String name : file.tensors().keySet()) {
        check(
            shard.equals(index.get(name)),
            "%s has tensor %s, which the index puts into %s",
            shard,
            ModelJson.shown(name),
            index.getOrDefault(name, "no file"));
      }
      check(
          tensors.size() + file.tensors().size() <= HeaderReader.MOST_TENSORS,
          "all shards have over %d tensors",
          HeaderReader.MOST_TENSORS);
      add(file);
    }
    index.forEach(
        (name, shard) ->
            check(
                tensors.containsKey(name),
                "%s has no tensor %s, which the index puts there",
                shard,
                ModelJson.shown(name)));
  }

  private void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new InputException(
          "HLA_MODEL_DAMAGED", place + ": " + String.format(Locale.ROOT, message, values));
    }
  }
}
