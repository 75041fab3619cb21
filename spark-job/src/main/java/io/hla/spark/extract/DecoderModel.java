package io.hla.spark.extract;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import io.hla.layers.Activations;
import io.hla.layers.Weights;
import io.hla.spark.model.ModelConfig;
import io.hla.spark.model.ModelDirectory;
import io.hla.spark.model.ModelTensor;
import io.hla.spark.model.ModelTensor.Role;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of a decoder as kernels take them: doubles for float64, else floats. Immutable, and
 * serializable so that it can be broadcast; never written to a file.
 */
final class DecoderModel implements Serializable {
  private static final long serialVersionUID = 1L;

  /**
   * One layer.
   *
   * @param attentionNorm [D]
   * @param query [H d, D]
   * @param key [Hkv d, D]
   * @param value [Hkv dv, D]
   * @param gate [H, D], of the decay; null without gates
   * @param gateBias [H]; null without
   * @param headNorm [dv], of every head's output; null without
   * @param outputGate [H dv, D]; null without
   * @param output [D, H dv]
   * @param mlpNorm [D]
   * @param mlpGate [I, D]
   * @param mlpUp [I, D]
   * @param mlpDown [D, I]
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Layer(
      double[] attentionNorm,
      Weights query,
      Weights key,
      Weights value,
      Weights gate,
      double[] gateBias,
      double[] headNorm,
      Weights outputGate,
      Weights output,
      double[] mlpNorm,
      Weights mlpGate,
      Weights mlpUp,
      Weights mlpDown)
      implements Serializable {}

  private final ModelConfig config;
  private final Precision precision;
  private final String fingerprint;
  private final float[] floatEmbedding;
  private final double[] doubleEmbedding;
  private final List<Layer> layers = new ArrayList<>();
  private final double[] finalNorm;
  private final Weights head;

  /**
   * Reads a model.
   *
   * @param layers how many, from the first
   * @param withHead whether logits are wanted
   * @throws io.hla.spark.InputException HLA_MODEL_NUMBER if a weight is no finite number
   */
  DecoderModel(ModelDirectory files, Precision precision, int layers, boolean withHead) {
    this.config = files.config();
    this.precision = precision;
    fingerprint = files.fingerprint();
    ModelTensor embedding = ModelTensor.of(Role.EMBEDDING);
    floatEmbedding = precision.isDouble() ? null : files.floats(embedding);
    doubleEmbedding = precision.isDouble() ? files.doubles(embedding) : null;
    for (int layer = 0; layer < layers; layer++) {
      this.layers.add(layer(files, layer));
    }
    finalNorm = files.doubles(ModelTensor.of(Role.FINAL_NORM));
    head = withHead ? head(files) : null;
  }

  private Weights head(ModelDirectory files) {
    int words = config.vocabSize();
    if (!config.tied()) {
      return weights(files, ModelTensor.of(Role.LM_HEAD), words, config.hiddenSize());
    }
    return precision.isDouble()
        ? Weights.of(words, config.hiddenSize(), doubleEmbedding)
        : Weights.of(words, config.hiddenSize(), floatEmbedding);
  }

  private Layer layer(ModelDirectory files, int layer) {
    int width = config.hiddenSize();
    int inner = config.intermediateSize();
    AttentionSettings heads = config.attention(layer, precision);
    int outputs = heads.outputWidth();
    return new Layer(
        files.doubles(ModelTensor.of(Role.ATTN_NORM, layer)),
        weights(files, Role.Q_PROJ, layer, heads.queryWidth(), width),
        weights(files, Role.K_PROJ, layer, heads.keyWidth(), width),
        weights(files, Role.V_PROJ, layer, heads.valueWidth(), width),
        config.gated() ? weights(files, Role.GK_PROJ, layer, heads.numHeads(), width) : null,
        files.has(ModelTensor.of(Role.GK_BIAS, layer))
            ? files.doubles(ModelTensor.of(Role.GK_BIAS, layer))
            : null,
        config.outputNorm() ? files.doubles(ModelTensor.of(Role.OUTPUT_NORM, layer)) : null,
        config.outputGate() ? weights(files, Role.G_PROJ, layer, outputs, width) : null,
        weights(files, Role.O_PROJ, layer, width, outputs),
        files.doubles(ModelTensor.of(Role.MLP_NORM, layer)),
        weights(files, Role.GATE_PROJ, layer, inner, width),
        weights(files, Role.UP_PROJ, layer, inner, width),
        weights(files, Role.DOWN_PROJ, layer, width, inner));
  }

  private Weights weights(ModelDirectory files, Role role, int layer, int out, int in) {
    return weights(files, ModelTensor.of(role, layer), out, in);
  }

  private Weights weights(ModelDirectory files, ModelTensor tensor, int out, int in) {
    return precision.isDouble()
        ? Weights.of(out, in, files.doubles(tensor))
        : Weights.of(out, in, files.floats(tensor));
  }

  ModelConfig config() {
    return config;
  }

  String fingerprint() {
    return fingerprint;
  }

  /** Of weights and hidden vectors. */
  Element element() {
    return precision.isDouble() ? Element.DOUBLE : Element.FLOAT;
  }

  int hiddenSize() {
    return config.hiddenSize();
  }

  /** Layers that were read. */
  int layers() {
    return layers.size();
  }

  Layer layer(int index) {
    return layers.get(index);
  }

  /** What the attention of a layer computes. */
  AttentionSettings attention(int layer) {
    return config.attention(layer, precision);
  }

  /** Weight of the norm behind the last layer, [D]. */
  double[] finalNorm() {
    return finalNorm;
  }

  /** [V, D]; null unless logits are wanted. */
  Weights head() {
    return head;
  }

  /** Copies the embedding of an id, which is in range, to the vector of a token. */
  void embed(int id, Activations to, int token) {
    int width = config.hiddenSize();
    System.arraycopy(
        precision.isDouble() ? doubleEmbedding : floatEmbedding,
        id * width,
        to.array(),
        token * width,
        width);
  }
}
