package io.hla.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** A stream and its outputs by the dense definition, as the kernels' golden files have them. */
record Golden(String name, JsonNode json, double[] o) {
  private static final Path FOLDER = Path.of("../hla-kernels/src/test/resources/golden");

  static List<Golden> all() {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.sorted().map(Golden::read).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Golden read(Path file) {
    try {
      JsonNode json = new ObjectMapper().readTree(file.toFile());
      return new Golden(json.get("name").asText(), json, flat(json.get("o")));
    } catch (IOException e) {
      throw new UncheckedIOException(file.toString(), e);
    }
  }

  AttentionSettings settings(Precision precision) {
    JsonNode o = json.get("options");
    List<Double> decay = new ArrayList<>();
    o.get("decay").forEach(value -> decay.add(value.asDouble()));
    return AttentionSettings.builder(json.get("headDim").asInt(), json.get("valueDim").asInt())
        .operator(Operator.parse(o.get("operator").asText()))
        .mask(Mask.valueOf(upper(o.get("mask"))))
        .form(Form.valueOf(upper(o.get("form"))))
        .heads(json.get("numHeads").asInt(), json.get("numKvHeads").asInt())
        .decay(decay.isEmpty() ? List.of(1.0) : decay)
        .ridge(o.get("ridge").asDouble())
        .normalize(o.get("normalize").asBoolean())
        .epsilon(o.get("epsilon").asDouble())
        .scale(o.get("scale").asDouble())
        .featureMap(FeatureMap.valueOf(upper(o.get("feature_map"))))
        .precision(precision)
        .gated(json.has("gate"))
        .build();
  }

  TokenStream stream() {
    return new TokenStream(
        settings(Precision.FLOAT64),
        flat(json.get("q")),
        flat(json.get("k")),
        flat(json.get("v")),
        json.has("gate") ? flat(json.get("gate")) : null);
  }

  /** The largest max |error| / max |o| of any head; infinite where an output is not a number. */
  double error(double[] actual) {
    AttentionSettings settings = settings(Precision.FLOAT64);
    int heads = settings.numHeads();
    int width = settings.valueDim();
    double largest = actual.length == o.length ? 0 : Double.POSITIVE_INFINITY;
    for (int head = 0; head < heads && largest < Double.POSITIVE_INFINITY; head++) {
      double error = 0;
      double output = Double.MIN_VALUE;
      for (int row = head; row < o.length / width; row += heads) {
        for (int i = row * width; i < (row + 1) * width; i++) {
          output = Math.max(output, Math.abs(o[i]));
          double difference = Math.abs(actual[i] - o[i]);
          error = Math.max(error, Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference);
        }
      }
      largest = Math.max(largest, error / output);
    }
    return largest;
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
