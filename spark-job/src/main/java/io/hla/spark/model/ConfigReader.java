package io.hla.spark.model;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Operator;
import io.hla.algebra.SettingsException;
import io.hla.spark.InputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Reads config.json, key by key; null is what is not there. */
final class ConfigReader {
  private static final Set<String> IGNORED =
      Set.of(
          "architectures",
          "torch_dtype",
          "dtype",
          "transformers_version",
          "bos_token_id",
          "eos_token_id",
          "pad_token_id",
          "initializer_range",
          "max_position_embeddings",
          "use_cache",
          "_name_or_path");

  private final JsonNode root;
  private final Set<String> known = new HashSet<>(IGNORED);

  private ConfigReader(JsonNode root) {
    this.root = root;
  }

  /**
   * The settings in the bytes of a config.json.
   *
   * @param file for messages
   * @param allowExtra whether keys that are not known are passed over
   * @param defaultTokenizer that of a config which names none
   * @throws InputException HLA_MODEL_CONFIG that names the file and the key
   */
  static ModelConfig read(
      String file, byte[] json, boolean allowExtra, ModelTokenizer defaultTokenizer) {
    try (JsonParser parser = ModelJson.parser(new ByteArrayInputStream(json))) {
      JsonNode root = ModelJson.MAPPER.readTree(parser);
      if (root == null || !root.isObject() || parser.nextToken() != null) {
        throw refused("it is not one JSON object");
      }
      ConfigReader reader = new ConfigReader(root);
      ModelConfig config = reader.read(allowExtra, defaultTokenizer);
      config.checkOperator();
      return config;
    } catch (IOException e) {
      String why = e instanceof JacksonException j ? j.getOriginalMessage() : "it is not UTF-8";
      throw new InputException("HLA_MODEL_CONFIG", file + " is not JSON: " + why, e);
    } catch (InputException e) {
      throw new InputException(e.condition(), file + ": " + e.getMessage(), e);
    }
  }

  private ModelConfig read(boolean allowExtra, ModelTokenizer defaultTokenizer) {
    word("model_type", null, "hla");
    int vocabSize = size("vocab_size", null);
    int hiddenSize = size("hidden_size", null);
    int layers = size("num_hidden_layers", null);
    int intermediateSize = size("intermediate_size", null);
    int numHeads = size("num_heads", null, "num_attention_heads");
    ModelConfig.range("num_heads", numHeads, ModelConfig.MOST_HEADS);
    ModelConfig.range("num_hidden_layers", layers, ModelConfig.MOST_LAYERS);
    int numKvHeads = size("num_kv_heads", numHeads, "num_key_value_heads");
    int headDim = size("head_dim", hiddenSize % numHeads == 0 ? hiddenSize / numHeads : null);
    word("hidden_act", "silu", "silu", "swish");
    ModelConfig config =
        new ModelConfig(
            vocabSize,
            hiddenSize,
            layers,
            intermediateSize,
            numHeads,
            numKvHeads,
            headDim,
            size("value_dim", headDim),
            operator(),
            decay(numHeads, layers),
            number("ridge", 0),
            flag("normalize", false),
            number("normalize_epsilon", 1e-6),
            number("scale", defaultScale(headDim)),
            featureMap(),
            number("norm_eps", 1e-5, "rms_norm_eps"),
            flag("use_output_norm", true),
            flag("use_output_gate", false),
            flag("use_gk", false),
            number("gate_logit_normalizer", 16),
            flag("tie_word_embeddings", false),
            tokenizer(allowExtra, defaultTokenizer));
    refuseOthers(root, known, allowExtra, "");
    return config;
  }

  /** d^-0.5, rounded once. */
  private static double defaultScale(int headDim) {
    MathContext digits = new MathContext(40);
    return BigDecimal.ONE.divide(new BigDecimal(headDim).sqrt(digits), digits).doubleValue();
  }

  private Operator operator() {
    JsonNode name = take("operator");
    JsonNode program = take("program");
    check(
        (name == null) != (program == null),
        "it has %s, expected one of operator and program",
        name == null ? "neither operator nor program" : "operator and program");
    String key = name == null ? "program" : "operator";
    JsonNode value = name == null ? program : name;
    check(value.isTextual(), "%s is %s, expected a text", key, shown(value));
    String text = value.textValue();
    check(
        text.length() <= 4096 && (name == null) == (text.indexOf('=') >= 0),
        "%s is %s, expected %s",
        key,
        shown(value),
        name == null
            ? "statements of linear attentions"
            : "linear, hla2, ahla, hla3, hla:N, ahla:N");
    try {
      return Operator.parse(name == null ? text : text.replaceFirst("^(a?hla):", "$1"));
    } catch (SettingsException e) {
      throw new InputException("HLA_MODEL_CONFIG", key + ": " + e.getMessage(), e);
    }
  }

  private FeatureMap featureMap() {
    String text = word("feature_map", "identity", "identity", "relu", "elu1", "l2");
    return FeatureMap.valueOf(text.toUpperCase(Locale.ROOT));
  }

  private List<List<Double>> decay(int heads, int layers) {
    JsonNode node = take("decay");
    if (node == null || node.isNumber()) {
      return List.of(Collections.nCopies(heads, node == null ? 1.0 : node.doubleValue()));
    }
    check(
        node.isArray() && !node.isEmpty(),
        "decay is %s, expected a number, one a head, or a list of them for each layer",
        shown(node));
    if (!node.get(0).isArray()) {
      return List.of(decays(node, heads));
    }
    check(
        node.size() == layers,
        "decay has %d lists, expected one for each of num_hidden_layers %d",
        node.size(),
        layers);
    List<List<Double>> decay = new ArrayList<>();
    node.forEach(ofLayer -> decay.add(decays(ofLayer, heads)));
    return decay;
  }

  private static List<Double> decays(JsonNode list, int heads) {
    check(
        list.isArray() && list.size() == heads,
        "decay has %s, expected one number for each of num_heads %d",
        shown(list),
        heads);
    List<Double> numbers = new ArrayList<>(heads);
    for (JsonNode number : list) {
      check(number.isNumber(), "decay has %s, expected numbers in (0, 1]", shown(number));
      numbers.add(number.doubleValue());
    }
    return numbers;
  }

  private ModelTokenizer tokenizer(boolean allowExtra, ModelTokenizer otherwise) {
    JsonNode node = take("tokenizer");
    if (node == null) {
      return otherwise;
    }
    check(node.isObject(), "tokenizer is %s, expected an object with its type", shown(node));
    refuseOthers(node, Set.of("type", "file"), allowExtra, "tokenizer.");
    JsonNode file = node.path("file");
    check(
        file.isTextual() || file.isMissingNode() || file.isNull(),
        "tokenizer has file %s, expected a text",
        shown(file));
    for (ModelTokenizer.Type type : ModelTokenizer.Type.values()) {
      if (type != ModelTokenizer.Type.NONE && type.text().equals(node.path("type").textValue())) {
        boolean named = type == ModelTokenizer.Type.TOKENIZER_JSON && file.textValue() == null;
        return new ModelTokenizer(type, named ? type.text() : file.textValue());
      }
    }
    throw refused(
        "tokenizer has type "
            + shown(node.path("type"))
            + ", expected bytes, vocabulary, cl100k_base, o200k_base or tokenizer.json");
  }

  private int size(String key, Integer otherwise, String... aliases) {
    JsonNode node = take(key, aliases);
    check(node != null || otherwise != null, "it has no %s", key);
    if (node == null) {
      return otherwise;
    }
    check(
        node.isIntegralNumber() && node.canConvertToInt() && node.intValue() >= 1,
        "%s is %s, expected an integer from 1 to %d",
        key,
        shown(node),
        Integer.MAX_VALUE);
    return node.intValue();
  }

  private double number(String key, double otherwise, String... aliases) {
    JsonNode node = take(key, aliases);
    check(node == null || node.isNumber(), "%s is %s, expected a number", key, shown(node));
    return node == null ? otherwise : node.doubleValue();
  }

  private boolean flag(String key, boolean otherwise) {
    JsonNode node = take(key);
    check(node == null || node.isBoolean(), "%s is %s, expected true or false", key, shown(node));
    return node == null ? otherwise : node.booleanValue();
  }

  private String word(String key, String otherwise, String... words) {
    JsonNode node = take(key);
    check(node != null || otherwise != null, "it has no %s", key);
    check(
        node == null || node.isTextual() && List.of(words).contains(node.textValue()),
        "%s is %s, expected %s",
        key,
        shown(node),
        String.join(", ", words));
    return node == null ? otherwise : node.textValue();
  }

  /** The value of a key or of its other name; null if there is none. */
  private JsonNode take(String key, String... aliases) {
    known.add(key);
    JsonNode value = root.hasNonNull(key) ? root.get(key) : null;
    for (String alias : aliases) {
      known.add(alias);
      JsonNode other = root.hasNonNull(alias) ? root.get(alias) : null;
      check(
          value == null || other == null || value.equals(other),
          "%s is %s and %s is %s, expected one value",
          key,
          shown(value),
          alias,
          shown(other));
      value = value == null ? other : value;
    }
    return value;
  }

  private static void refuseOthers(
      JsonNode node, Set<String> known, boolean allowExtra, String prefix) {
    for (String key : (Iterable<String>) node::fieldNames) {
      check(
          allowExtra || known.contains(key),
          "key %s is not known; expected none but those of an hla model",
          ModelJson.shown(prefix + key));
    }
  }

  private static String shown(JsonNode node) {
    String text = String.valueOf(node);
    return text.length() <= 80 ? text : ModelJson.shown(text).toString();
  }

  private static void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw refused(String.format(Locale.ROOT, message, values));
    }
  }

  private static InputException refused(String message) {
    return new InputException("HLA_MODEL_CONFIG", message);
  }
}
