package io.hla.kernels;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** A case computed from the dense definition (sums over index tuples in extended precision). */
record GoldenCase(
    String name,
    JsonNode options,
    int tokens,
    double[] q,
    double[] k,
    double[] v,
    double[] g,
    double[] o) {

  static List<GoldenCase> all() {
    try {
      Path folder = Path.of(GoldenCase.class.getResource("/golden").toURI());
      try (Stream<Path> files = Files.list(folder)) {
        return files.sorted().map(GoldenCase::read).toList();
      }
    } catch (IOException | URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static GoldenCase read(Path file) {
    try {
      JsonNode json = new ObjectMapper().readTree(file.toFile());
      return new GoldenCase(
          json.get("name").asText(),
          json,
          json.get("tokens").asInt(),
          flat(json.get("q")),
          flat(json.get("k")),
          flat(json.get("v")),
          json.has("gate") ? flat(json.get("gate")) : null,
          flat(json.get("o")));
    } catch (IOException e) {
      throw new IllegalStateException(file.toString(), e);
    }
  }

  AttentionSettings settings(Precision precision) {
    JsonNode o = options.get("options");
    List<Double> decay = new ArrayList<>();
    o.get("decay").forEach(value -> decay.add(value.asDouble()));
    return AttentionSettings.builder(
            options.get("headDim").asInt(), options.get("valueDim").asInt())
        .operator(Operator.parse(o.get("operator").asText()))
        .mask(Mask.valueOf(upper(o.get("mask"))))
        .form(Form.valueOf(upper(o.get("form"))))
        .heads(options.get("numHeads").asInt(), options.get("numKvHeads").asInt())
        .decay(decay.isEmpty() ? List.of(1.0) : decay)
        .ridge(o.get("ridge").asDouble())
        .normalize(o.get("normalize").asBoolean())
        .epsilon(o.get("epsilon").asDouble())
        .scale(o.get("scale").asDouble())
        .featureMap(FeatureMap.valueOf(upper(o.get("feature_map"))))
        .precision(precision)
        .gated(g != null)
        .build();
  }

  private static String upper(JsonNode text) {
    return text.asText().toUpperCase(Locale.ROOT);
  }

  private static double[] flat(JsonNode array) {
    List<Double> values = new ArrayList<>();
    flatten(array, values);
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void flatten(JsonNode node, List<Double> to) {
    if (node.isArray()) {
      node.forEach(child -> flatten(child, to));
    } else {
      to.add(node.asDouble());
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
