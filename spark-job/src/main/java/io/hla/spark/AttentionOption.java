package io.hla.spark;

import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import java.util.Map;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * What a request can be asked for by name, in SQL, spark.ml and Python. Names and meanings are
 * those of {@link Attention}'s methods and, with dashes, of the command line.
 */
public enum AttentionOption implements RequestOption<Attention> {
  OPERATOR(
      DataTypes.StringType,
      "linear, hla2, hla3, .. or ahla, ahla3, ..; default hla2",
      (request, value) -> request.operator(Operator.parse(value.word()))),
  PROGRAM(
      DataTypes.StringType,
      "linear attentions instead of an operator: 'u = LA(q, k, k); o = LA(q, u, v, g^2)' is hla2",
      (request, value) -> request.operator(Operator.program(value.text()))),
  MASK(
      DataTypes.StringType,
      "causal or none; default causal",
      (request, value) -> request.mask(value.choice(Mask.class))),
  FORM(
      DataTypes.StringType,
      "exact sums, or the paper's recurrences as published; default exact",
      (request, value) -> request.form(value.choice(Form.class))),
  NUM_HEADS(
      DataTypes.IntegerType,
      "query heads H; default 1",
      (request, value) -> request.numHeads(value.integer())),
  NUM_KV_HEADS(
      DataTypes.IntegerType,
      "key and value heads, a divisor of H; default H",
      (request, value) -> request.numKvHeads(value.integer())),
  HEAD_DIM(
      DataTypes.IntegerType,
      "length d of a query or key of one head; default: as in the first row",
      (request, value) -> request.headDim(value.integer())),
  VALUE_DIM(
      DataTypes.IntegerType,
      "length dv of a value of one head, with head_dim; default d",
      (request, value) -> request.valueDim(value.integer())),
  DECAY(
      DataTypes.createArrayType(DataTypes.DoubleType),
      "in (0, 1], one number for all heads or an array of one per query head; default 1, no decay",
      (request, value) -> request.decay(value.numbers())),
  RIDGE(
      DataTypes.DoubleType,
      "x adds x q C to the outputs of hla2, causal; default 0",
      (request, value) -> request.ridge(value.number())),
  NORMALIZE(
      DataTypes.BooleanType,
      "whether outputs are divided by the same sum with all values 1; default false",
      (request, value) -> request.normalize(value.flag())),
  EPSILON(
      DataTypes.DoubleType,
      "is added to that denominator, its sign kept; default 1e-6",
      (request, value) -> request.epsilon(value.number())),
  SCALE(
      DataTypes.DoubleType,
      "multiplies q in front of the feature map; default 1",
      (request, value) -> request.scale(value.number())),
  FEATURE_MAP(
      DataTypes.StringType,
      "identity, relu, elu1 or l2, applied to q and k; default identity",
      (request, value) -> request.featureMap(value.choice(FeatureMap.class))),
  PRECISION(
      DataTypes.StringType,
      "arithmetic, float64, mixed or float32; default float64",
      (request, value) -> request.precision(value.choice(Precision.class))),
  OUTPUT_TYPE(
      DataTypes.StringType,
      "float or double, which belongs to float64; default float",
      (request, value) -> request.outputType(value.choice(Element.class))),
  SEQUENCE(
      DataTypes.StringType,
      "the sequence column, of any atomic type; default seq, a table without is one sequence",
      (request, value) -> request.columns(request.columns().withSequence(value.text()))),
  POSITION(
      DataTypes.StringType,
      "the column of positions; default pos",
      (request, value) -> request.columns(request.columns().withPosition(value.text()))),
  QUERY(
      DataTypes.StringType,
      "the column of queries, arrays of H d numbers; default q",
      (request, value) -> request.columns(request.columns().withQuery(value.text()))),
  KEY(
      DataTypes.StringType,
      "the column of keys, arrays of Hkv d numbers; default k",
      (request, value) -> request.columns(request.columns().withKey(value.text()))),
  VALUE(
      DataTypes.StringType,
      "the column of values, arrays of Hkv dv numbers; default v",
      (request, value) -> request.columns(request.columns().withValue(value.text()))),
  GATE(
      DataTypes.StringType,
      "the column of gates, arrays of H numbers that multiply the decays; default none",
      (request, value) -> request.gate(value.text())),
  GATE_SCALE(
      DataTypes.StringType,
      "linear or log: what the numbers of the gate column are; default linear",
      (request, value) -> request.gateScale(value.choice(GateScale.class))),
  KEEP(
      DataTypes.createArrayType(DataTypes.StringType),
      "further columns that go to the output as they are; default none",
      (request, value) -> request.keep(value.names())),
  OUTPUT_COLUMN(
      DataTypes.StringType,
      "the name of the output column; default o",
      (request, value) -> request.outputColumn(value.text())),
  REQUIRE_STATE(
      DataTypes.BooleanType,
      "whether a sequence without an initial state is an error; default false",
      (request, value) -> request.requireStates(value.flag())),
  INPUT_ORDER(
      DataTypes.StringType,
      "auto, stored or sort: where tokens are read; default auto",
      (request, value) -> request.inputOrder(value.choice(InputOrder.class))),
  CUT_EVERY(
      DataTypes.LongType,
      "runs also end in front of every multiple of this position; default 0, nowhere",
      (request, value) -> request.cutEvery(value.longInteger())),
  ON_NONFINITE(
      DataTypes.StringType,
      "fail or propagate: NaN and infinity, read or computed; default fail",
      (request, value) -> request.refuseNonFinite(value.refusesNonFinite())),
  FAN_IN(
      DataTypes.IntegerType,
      "children of a node of the prefix tree, from 2; default 16",
      (request, value) -> request.fanIn(value.integer())),
  KERNELS(
      DataTypes.StringType,
      "auto, java or native; default auto",
      (request, value) -> request.kernels(value.text(), request.compute().instructionSet())),
  ISA(
      DataTypes.StringType,
      "the best instruction set that native kernels may use; default auto",
      (request, value) -> request.kernels(request.compute().kernels(), value.text()));

  private final DataType type;
  private final String description;
  private final Setter setter;

  AttentionOption(DataType type, String description, Setter setter) {
    this.type = type;
    this.description = description;
    this.setter = setter;
  }

  private interface Setter {
    Attention set(Attention request, OptionValue value);
  }

  @Override
  public DataType type() {
    return type;
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public Attention set(Attention request, Object value) {
    return setter.set(request, new OptionValue(key(), value));
  }

  @Override
  public void check(Object value) {
    set(Attention.hla2(), value);
  }

  /**
   * hla2 with options.
   *
   * @param values as {@link #set} takes them
   * @throws InputException HLA_OPTION_VALUE, or HLA_OPTION_CONFLICT for an operator and a program
   * @throws io.hla.algebra.SettingsException for an operator or program that there is not
   */
  public static Attention request(Map<AttentionOption, ?> values) {
    if (values.containsKey(OPERATOR) && values.containsKey(PROGRAM)) {
      throw new InputException(
          "HLA_OPTION_CONFLICT", "operator and program are two operators, expected one");
    }
    return RequestOption.setAll(Attention.hla2(), values);
  }
}
