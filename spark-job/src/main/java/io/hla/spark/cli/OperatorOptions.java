package io.hla.spark.cli;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import io.hla.spark.Attention;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which attention is computed. */
final class OperatorOptions {
  @Option(
      names = "--operator",
      paramLabel = "linear|hla2|hla3|..|ahla|ahla3|..",
      converter = OperatorConverter.class,
      description = "Default: hla2.")
  private Operator operator;

  @Option(
      names = "--program",
      paramLabel = "STATEMENTS",
      description = "Linear attentions instead: 'u = LA(q, k, k); o = LA(q, u, v, g^2)' is hla2.")
  private String program;

  @Option(names = "--mask", paramLabel = "causal|none", description = "Default: causal.")
  private Mask mask = Mask.CAUSAL;

  @Option(
      names = "--form",
      paramLabel = "exact|published",
      description = "hla2 and hla3, causal: the exact sums, or the paper's recurrences as printed.")
  private Form form = Form.EXACT;

  @Option(names = "--num-heads", paramLabel = "H", description = "Query heads. Default: 1.")
  private int numHeads = 1;

  @Option(
      names = "--num-kv-heads",
      paramLabel = "Hkv",
      description = "Key and value heads, a divisor of H. Default: H.")
  private Integer numKvHeads;

  @Option(
      names = "--decay",
      paramLabel = "g",
      split = ",",
      description = "In (0, 1]: one for all heads or one per head. Default: 1, no decay.")
  private List<Double> decay = List.of(1.0);

  @Option(
      names = "--ridge",
      paramLabel = "x",
      description = "Adds x q C to the output of hla2, causal. Default: 0.")
  private double ridge;

  @Option(
      names = "--normalize",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description = "Divide by the same sum with all values 1, plus epsilon.")
  private boolean normalize;

  @Option(names = "--epsilon", paramLabel = "x", description = "Default: 1e-6.")
  private double epsilon = 1e-6;

  @Option(
      names = "--scale",
      paramLabel = "x",
      description = "Multiplies q, before the feature map. Default: 1.")
  private double scale = 1;

  @Option(
      names = "--feature-map",
      paramLabel = "identity|relu|elu1|l2",
      description = "Applied to q and k. Default: identity.")
  private FeatureMap featureMap = FeatureMap.IDENTITY;

  @Option(
      names = "--precision",
      paramLabel = "float64|mixed|float32",
      description = "Arithmetic; mixed: tokens in float, states in double. Default: float64.")
  private Precision precision = AttentionSettings.DEFAULT_PRECISION;

  @Option(
      names = "--output-type",
      paramLabel = "float|double",
      description = "Numbers of the outputs; double belongs to float64. Default: float.")
  private Element outputType = Element.FLOAT;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  Element outputType() {
    return outputType;
  }

  /** Whether the user has named an operator. */
  boolean isGiven() {
    return operator != null || program != null;
  }

  int numHeads() {
    return numHeads;
  }

  int numKvHeads() {
    return numKvHeads == null ? numHeads : numKvHeads;
  }

  /** The request with everything that decides about the value of an output. */
  Attention request() {
    return Attention.of(operator())
        .mask(mask)
        .form(form)
        .numHeads(numHeads)
        .numKvHeads(numKvHeads())
        .decay(decay.stream().mapToDouble(Double::doubleValue).toArray())
        .ridge(ridge)
        .normalize(normalize)
        .epsilon(epsilon)
        .scale(scale)
        .featureMap(featureMap)
        .precision(precision)
        .outputType(outputType);
  }

  private Operator operator() {
    if (program != null) {
      return Operator.program(program);
    }
    return operator == null ? Operator.HLA2 : operator;
  }

  /** Refuses options that no sizes could make right, before any input is read. */
  void check() {
    if (program != null && operator != null) {
      throw new ParameterException(
          command.commandLine(), "--operator and --program are two operators, expected one");
    }
    request().check();
  }
}
