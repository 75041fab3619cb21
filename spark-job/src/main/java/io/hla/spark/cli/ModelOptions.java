package io.hla.spark.cli;

import io.hla.algebra.Precision;
import io.hla.spark.extract.BetweenLayers;
import io.hla.spark.extract.FeatureExtractor;
import io.hla.spark.extract.Features;
import io.hla.spark.extract.Pooling;
import io.hla.spark.extract.VectorType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** A model and what is wanted of it. */
final class ModelOptions {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "config.json, model.safetensors or its shards with their index, a tokenizer.")
  private String model;

  @Option(
      names = "--allow-extra",
      description = "Passes over keys of the config and tensors that no layer uses.")
  private boolean allowExtra;

  @Option(
      names = "--features",
      paramLabel = "hidden|layer:N|attention:N|none",
      description = {
        "Vectors of a token: behind the last layer and norm (default), behind layer N (0: the",
        "embedding), or the outputs of the attention of layer N."
      })
  private String features = "hidden";

  @Option(
      names = "--score",
      description = "The log probability of every next token, in log_probability.")
  private boolean score;

  @Option(
      names = "--pool",
      paramLabel = "none|mean|last|max",
      description = "One vector for a sequence or window instead of one a token. Default: none.")
  private String pool = "none";

  @Option(
      names = "--window",
      paramLabel = "N",
      description = "Pools N tokens at a time, from one multiple of N to the next.")
  private long window;

  @Option(
      names = "--precision",
      paramLabel = "float64|mixed|float32",
      description = "Arithmetic of all layers. Default: float64.")
  private Precision precision = Precision.FLOAT64;

  @Option(
      names = "--dtype",
      paramLabel = "float|double|half",
      description = {
        "Numbers of vectors. half: two bytes a number in a binary column. Default: float."
      })
  private VectorType dtype = VectorType.FLOAT;

  @Option(names = "--l2", description = "Divides vectors by their Euclidean norms.")
  private boolean l2;

  @Option(names = "--output-col", paramLabel = "COL", description = "Default: features.")
  private String outputColumn = "features";

  @Option(
      names = "--between-layers",
      paramLabel = "auto|keep|recompute",
      description = {
        "Vectors between layers are kept on the disks of executors, or computed again from the",
        "states below. auto (default) keeps up to spark.hla.extract.keepBytes."
      })
  private BetweenLayers betweenLayers = BetweenLayers.AUTO;

  String model() {
    return model;
  }

  boolean allowsExtra() {
    return allowExtra;
  }

  boolean isScored() {
    return score;
  }

  boolean isPooled() {
    return !pool.equals("none");
  }

  boolean isWindowed() {
    return window > 0;
  }

  String outputColumn() {
    return outputColumn;
  }

  /** Whether there will be vectors. */
  boolean hasVectors() {
    return !features.equals("none");
  }

  VectorType dtype() {
    return dtype;
  }

  /** Throws {@link io.hla.spark.InputException} HLA_FEATURES or HLA_POOL. */
  FeatureExtractor request() {
    return FeatureExtractor.of(model)
        .allowExtra(allowExtra)
        .features(Features.of(features))
        .score(score)
        .pool(Pooling.of(pool, window))
        .precision(precision)
        .dtype(dtype)
        .l2(l2)
        .outputColumn(outputColumn)
        .betweenLayers(betweenLayers);
  }

  /** What was asked for, by name. */
  Map<String, Object> describe() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("model", model);
    options.put("features", features);
    options.put("score", score);
    options.put("pool", pool);
    options.put("window", window);
    options.put("precision", precision.text());
    options.put("dtype", dtype.text());
    options.put("l2", l2);
    options.put("between-layers", betweenLayers.text());
    return options;
  }

  /** Files of the model. */
  List<String> paths() {
    return List.of(model);
  }
}
