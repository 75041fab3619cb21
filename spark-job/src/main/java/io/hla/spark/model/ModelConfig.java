package io.hla.spark.model;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.SettingsException;
import io.hla.algebra.Summary;
import io.hla.spark.InputException;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/**
 * The settings of a decoder, as its config.json gives them.
 *
 * @param vocabSize rows of the embedding
 * @param hiddenSize D, numbers that stand for a token between layers
 * @param layers how many layers there are
 * @param intermediateSize numbers inside an MLP
 * @param numHeads query heads H
 * @param numKvHeads key and value heads Hkv, a divisor of H
 * @param headDim d, length of a query or key of one head
 * @param valueDim dv, length of a value of one head
 * @param operator which attention, in all layers
 * @param decay one list for all layers, or one for each; a list has a decay for each query head
 * @param ridge of hla2
 * @param normalize whether attention divides by its denominator
 * @param normalizeEpsilon added to the denominator
 * @param scale multiplies q once
 * @param featureMap applied to q and k
 * @param normEpsilon added to the mean square in every RMSNorm
 * @param outputNorm whether an RMSNorm stands behind the attention of each head
 * @param outputGate whether attention is multiplied by silu of a projection
 * @param gated whether every token has a decay of its own for each head
 * @param gateLogitNormalizer divides the logarithm of that decay
 * @param tied whether the logits use the embedding
 * @param tokenizer what makes ids of text
 */
public record ModelConfig(
    int vocabSize,
    int hiddenSize,
    int layers,
    int intermediateSize,
    int numHeads,
    int numKvHeads,
    int headDim,
    int valueDim,
    Operator operator,
    List<List<Double>> decay,
    double ridge,
    boolean normalize,
    double normalizeEpsilon,
    double scale,
    FeatureMap featureMap,
    double normEpsilon,
    boolean outputNorm,
    boolean outputGate,
    boolean gated,
    double gateLogitNormalizer,
    boolean tied,
    ModelTokenizer tokenizer)
    implements Serializable {
  /** The longest array of Java. */
  private static final int MOST_NUMBERS = Integer.MAX_VALUE - 8;

  static final int MOST_HEADS = 1 << 16;
  static final int MOST_LAYERS = 1 << 16;
  private static final int BYTE_VALUES = 256;

  /** Checks all rules that need no weights. Throws {@link InputException} HLA_MODEL_CONFIG. */
  public ModelConfig {
    decay = decay.stream().map(List::copyOf).toList();
    range("vocab_size", vocabSize, MOST_NUMBERS);
    range("hidden_size", hiddenSize, MOST_NUMBERS);
    range("num_hidden_layers", layers, MOST_LAYERS);
    range("intermediate_size", intermediateSize, MOST_NUMBERS);
    range("num_heads", numHeads, MOST_HEADS);
    range("num_kv_heads", numKvHeads, MOST_HEADS);
    range("head_dim", headDim, MOST_NUMBERS);
    range("value_dim", valueDim, MOST_NUMBERS);
    product("vocab_size", vocabSize, "hidden_size", hiddenSize);
    product("intermediate_size", intermediateSize, "hidden_size", hiddenSize);
    product(
        "num_heads * head_dim",
        product("num_heads", numHeads, "head_dim", headDim),
        "hidden_size",
        hiddenSize);
    product(
        "num_heads * value_dim",
        product("num_heads", numHeads, "value_dim", valueDim),
        "hidden_size",
        hiddenSize);
    check(
        numHeads % numKvHeads == 0,
        "num_heads is %d, expected a multiple of num_kv_heads %d",
        numHeads,
        numKvHeads);
    number("ridge", ridge, ridge >= 0, "from 0");
    number("normalize_epsilon", normalizeEpsilon, normalizeEpsilon >= 0, "from 0");
    number("scale", scale, true, "of any sign");
    number("norm_eps", normEpsilon, normEpsilon >= 0, "from 0");
    number("gate_logit_normalizer", gateLogitNormalizer, gateLogitNormalizer > 0, "above 0");
    check(
        decay.size() == 1 || decay.size() == layers,
        "decay has %d lists, expected one for each of num_hidden_layers %d",
        decay.size(),
        layers);
    check(
        tokenizer.type() != ModelTokenizer.Type.BYTES || vocabSize >= BYTE_VALUES,
        "vocab_size is %d, expected at least the %d of tokenizer bytes",
        vocabSize,
        BYTE_VALUES);
    for (List<Double> ofLayer : decay) {
      check(
          ofLayer.size() == numHeads,
          "decay has %d numbers, expected one, or one for each of num_heads %d",
          ofLayer.size(),
          numHeads);
      for (double g : ofLayer) {
        check(g > 0 && g <= 1, "decay has %s, expected numbers in (0, 1]", g);
      }
    }
  }

  /**
   * The settings of the attention of one layer.
   *
   * @throws InputException HLA_MODEL_CONFIG with the key that an attention cannot have, such as a
   *     decay that float32 does not hold
   */
  public AttentionSettings attention(int layer, Precision precision) {
    if (layer < 0 || layer >= layers) {
      throw new IndexOutOfBoundsException("layer " + layer + " of " + layers);
    }
    try {
      return AttentionSettings.builder(headDim, valueDim)
          .operator(operator)
          .heads(numHeads, numKvHeads)
          .decay(decay.size() == 1 ? decay.get(0) : decay.get(layer))
          .ridge(ridge)
          .normalize(normalize)
          .epsilon(normalizeEpsilon)
          .scale(scale)
          .featureMap(featureMap)
          .precision(precision)
          .gated(gated)
          .build();
    } catch (SettingsException e) {
      throw refused(e);
    }
  }

  /** Refuses operators that cannot be computed, of which the settings alone do not tell. */
  void checkOperator() {
    try {
      Summary.steps(attention(0, Precision.FLOAT64));
    } catch (SettingsException e) {
      throw refused(e);
    }
  }

  static InputException refused(SettingsException e) {
    String key =
        switch (e.condition()) {
          case "HLA_DECAY_COUNT", "HLA_DECAY_RANGE", "HLA_DECAY_PRECISION" -> "decay";
          case "HLA_HEADS" -> "num_heads";
          case "HLA_SIZE" -> "head_dim";
          case "HLA_OPERATOR" -> "operator";
          case "HLA_PROGRAM", "HLA_PROGRAM_SIZE" -> "program";
          default -> e.getMessage().startsWith("normalize") ? "normalize" : "ridge";
        };
    return new InputException("HLA_MODEL_CONFIG", key + ": " + e.getMessage(), e);
  }

  /** All that the features of ids depend on besides weights, the same for equal models. */
  String meaning() {
    StringBuilder text = new StringBuilder();
    int[] sizes = {
      vocabSize, hiddenSize, layers, intermediateSize, numHeads, numKvHeads, headDim, valueDim
    };
    for (int size : sizes) {
      text.append(size).append(' ');
    }
    text.append(operator.text()).append('\n');
    double[] numbers = {
      ridge, normalize ? normalizeEpsilon : -1, scale, normEpsilon, gated ? gateLogitNormalizer : -1
    };
    for (double number : numbers) {
      text.append(Double.toHexString(number)).append(' ');
    }
    text.append(featureMap.text());
    boolean[] flags = {normalize, outputNorm, outputGate, gated, tied};
    for (boolean flag : flags) {
      text.append(' ').append(flag);
    }
    boolean same = decay.stream().distinct().count() == 1;
    for (List<Double> ofLayer : same ? decay.subList(0, 1) : decay) {
      text.append('\n');
      ofLayer.forEach(g -> text.append(Double.toHexString(g)).append(' '));
    }
    return text.toString();
  }

  static void range(String key, long value, int most) {
    check(
        value >= 1 && value <= most,
        "%s is %d, expected an integer from 1 to %d",
        key,
        value,
        most);
  }

  private static long product(String left, long a, String right, long b) {
    check(
        a * b <= MOST_NUMBERS,
        "%s * %s is %d * %d, expected at most %d",
        left,
        right,
        a,
        b,
        MOST_NUMBERS);
    return a * b;
  }

  private static void number(String key, double value, boolean inRange, String range) {
    check(
        inRange && Double.isFinite(value),
        "%s is %s, expected a finite number %s",
        key,
        value,
        range);
  }

  private static void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new InputException("HLA_MODEL_CONFIG", String.format(Locale.ROOT, message, values));
    }
  }
}
