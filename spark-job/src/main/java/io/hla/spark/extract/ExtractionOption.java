package io.hla.spark.extract;

import io.hla.algebra.Precision;
import io.hla.spark.InputException;
import io.hla.spark.InputOrder;
import io.hla.spark.OptionValue;
import io.hla.spark.RequestOption;
import java.util.Map;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * What features can be asked for by name, in SQL, spark.ml and Python. Names and meanings are those
 * of {@link FeatureExtractor}'s methods and, with dashes, of the command line.
 */
public enum ExtractionOption implements RequestOption<FeatureExtractor> {
  MODEL(
      DataTypes.StringType,
      "the directory of the model: config.json and model.safetensors, or shards with their index",
      (request, value) -> request.model(value.text())),
  ALLOW_EXTRA(
      DataTypes.BooleanType,
      "whether unknown keys of the config and tensors of no layer are passed over; default false",
      (request, value) -> request.allowExtra(value.flag())),
  FEATURES(
      DataTypes.StringType,
      "hidden, layer:N from 0, attention:N from 1, or none; default hidden",
      (request, value) -> request.features(value.word())),
  SCORE(
      DataTypes.BooleanType,
      "whether tokens get the log probability of the token behind them; default false",
      (request, value) -> request.score(value.flag())),
  POOL(
      DataTypes.StringType,
      "none, mean, last or max: how vectors of several tokens become one; default none",
      (request, value) -> request.pool(value.word(), request.pooling().window())),
  WINDOW(
      DataTypes.LongType,
      "tokens that are pooled, from one multiple of it to the next; default 0, whole sequences",
      (request, value) -> request.pool(new Pooling(request.pooling().kind(), value.longInteger()))),
  PRECISION(
      DataTypes.StringType,
      "arithmetic, float64, mixed or float32; default float64",
      (request, value) -> request.precision(value.choice(Precision.class))),
  DTYPE(
      DataTypes.StringType,
      "float, double, which belongs to float64, or half, as binary; default float",
      (request, value) -> request.dtype(value.choice(VectorType.class))),
  L2(
      DataTypes.BooleanType,
      "whether vectors are divided by their Euclidean norms; default false",
      (request, value) -> request.l2(value.flag())),
  SEQUENCE(
      DataTypes.StringType,
      "the sequence column, of any atomic type; default seq, a table without is one sequence",
      (request, value) -> request.columns(request.columns().withSequence(value.text()))),
  POSITION(
      DataTypes.StringType,
      "the column of positions; default pos",
      (request, value) -> request.columns(request.columns().withPosition(value.text()))),
  ID(
      DataTypes.StringType,
      "the column of token ids, whole numbers from 0; default id",
      (request, value) -> request.columns(request.columns().withId(value.text()))),
  KEEP(
      DataTypes.createArrayType(DataTypes.StringType),
      "further columns that go to the output, pooled those of the first token; default none",
      (request, value) -> request.keep(value.names())),
  OUTPUT_COLUMN(
      DataTypes.StringType,
      "the name of the column of vectors; default features",
      (request, value) -> request.outputColumn(value.text())),
  BETWEEN_LAYERS(
      DataTypes.StringType,
      "auto, keep or recompute: where the vectors between layers come from; default auto",
      (request, value) -> request.betweenLayers(value.choice(BetweenLayers.class))),
  REQUIRE_STATE(
      DataTypes.BooleanType,
      "whether a sequence without an initial state is an error; default false",
      (request, value) -> request.requireStates(value.flag())),
  INPUT_ORDER(
      DataTypes.StringType,
      "auto, stored or sort: where ids are read; default auto",
      (request, value) -> request.inputOrder(value.choice(InputOrder.class))),
  CUT_EVERY(
      DataTypes.LongType,
      "runs also end in front of every multiple of this position; default 0, nowhere",
      (request, value) -> request.cutEvery(value.longInteger())),
  ON_NONFINITE(
      DataTypes.StringType,
      "fail or propagate: NaN and infinity that an attention is given or computes; default fail",
      (request, value) ->
          request.compute(request.compute().withRefuseNonFinite(value.refusesNonFinite()))),
  FAN_IN(
      DataTypes.IntegerType,
      "children of a node of the prefix trees, from 2; default 16",
      (request, value) -> request.compute(request.compute().withFanIn(value.integer()))),
  KERNELS(
      DataTypes.StringType,
      "auto, java or native; default auto",
      (request, value) ->
          request.compute(
              request.compute().withKernels(value.text(), request.compute().instructionSet()))),
  ISA(
      DataTypes.StringType,
      "the best instruction set that native kernels may use; default auto",
      (request, value) ->
          request.compute(
              request.compute().withKernels(request.compute().kernels(), value.text())));

  private final DataType type;
  private final String description;
  private final Setter setter;

  ExtractionOption(DataType type, String description, Setter setter) {
    this.type = type;
    this.description = description;
    this.setter = setter;
  }

  private interface Setter {
    FeatureExtractor set(FeatureExtractor request, OptionValue value);
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
  public boolean required() {
    return this == MODEL;
  }

  @Override
  public FeatureExtractor set(FeatureExtractor request, Object value) {
    return setter.set(request, new OptionValue(key(), value));
  }

  @Override
  public void check(Object value) {
    FeatureExtractor request = FeatureExtractor.of("");
    // A window belongs to some pooling, which another option says.
    set(this == WINDOW ? request.pool("mean", 0) : request, value);
  }

  /**
   * Features of a model, with options.
   *
   * @param values as {@link #set} takes them
   * @throws InputException HLA_OPTION_VALUE, also where there is no model; HLA_FEATURES or HLA_POOL
   */
  public static FeatureExtractor request(Map<ExtractionOption, ?> values) {
    if (!values.containsKey(MODEL)) {
      throw new InputException(
          "HLA_OPTION_VALUE", "model is not given, expected the directory of a model");
    }
    return RequestOption.setAll(FeatureExtractor.of(""), values);
  }
}
