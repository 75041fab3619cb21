package io.hla.spark.ml;

import io.hla.spark.extract.ExtractionOption;
import io.hla.spark.extract.FeatureExtractor;
import io.hla.spark.extract.Features.Kind;
import io.hla.spark.state.StateTable;
import io.hla.spark.table.IdColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * {@link FeatureExtractor#extract} as a stage of a pipeline: all columns of a table of token ids,
 * and behind them the vectors, in {@code outputColumn} (none with features none), then with {@code
 * score} a double {@code log_probability}. With pooling there is a row a group, with the columns of
 * its first token and in front of the vectors {@code tokens}, how many it has. No job runs before
 * the first action; the model is read from its directory each time that a table is transformed, and
 * is no part of a saved stage.
 *
 * <pre>
 *   new FeatureExtraction().setModel("models/tiny").setPool("mean").transform(ids);
 * </pre>
 *
 * <p>Params have the names and meanings of {@link ExtractionOption}, in camel case. A setter
 * refuses a value that is wrong by itself ({@link io.hla.spark.InputException} HLA_OPTION_VALUE,
 * HLA_FEATURES or HLA_POOL, or IllegalArgumentException for a number out of range); {@link
 * #transformSchema} refuses a stage without a model, and values that do not fit it. A getter of a
 * param that has neither value nor default throws NoSuchElementException.
 */
public final class FeatureExtraction extends Transformer implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;

  private final String uid;
  private final OptionParams<ExtractionOption> options;
  private final Param<String> initialStates;

  public FeatureExtraction() {
    this(Identifiable.randomUID("hlaFeatures"));
  }

  /** A stage of that name, for those that read and copy stages. */
  public FeatureExtraction(String uid) {
    // Params ask their stage for its uid when they are made.
    this.uid = uid;
    options = new OptionParams<>(this, ExtractionOption.class);
    initialStates =
        new Param<>(
            uid,
            "initialStates",
            "table or view of the states of all layers that sequences go on from; default none",
            String.class);
    options.setDefaults(this, Defaults.EXTRACTION);
  }

  @Override
  public String uid() {
    return uid;
  }

  @Override
  public Param<?>[] params() {
    // In the order of names, as other stages have them.
    return Stream.concat(Arrays.stream(options.all()), Stream.of(initialStates))
        .sorted(Comparator.comparing(Param::name))
        .toArray(Param<?>[]::new);
  }

  /** The param of an option. {@link ExtractionOption#KEEP} has none: all columns are kept. */
  public <T> Param<T> param(ExtractionOption option) {
    return options.of(option);
  }

  private FeatureExtractor request() {
    return ExtractionOption.request(options.given(this));
  }

  private static Dataset<Row> extracted(FeatureExtractor request, Dataset<Row> ids) {
    IdColumns columns = request.columns();
    KeptColumns kept = new KeptColumns(ids.schema(), columns.sequence(), columns.position());
    List<String> added = new ArrayList<>();
    if (!request.pooling().isNone()) {
      added.add("tokens");
    }
    if (request.features().kind() != Kind.NONE) {
      added.add(request.outputColumn());
    }
    if (request.scored()) {
      added.add(FeatureExtractor.SCORE);
    }
    return kept.inFrontOf(added, request.columns(columns.keeping(kept.others())).extract(ids));
  }

  /**
   * The table with its features. Lazy, as {@link FeatureExtractor#extract} is.
   *
   * @throws io.hla.spark.InputException HLA_OPTION_VALUE without a model; HLA_MODEL_* for one that
   *     is refused; for columns that are missing, of another type or there already
   *     (HLA_OUTPUT_COLUMN), for a stream, or a table of states that is not there
   */
  @Override
  public Dataset<Row> transform(Dataset<?> ids) {
    FeatureExtractor request = request();
    if (isSet(initialStates)) {
      SparkSession spark = ids.sparkSession();
      request = request.initialStates(StateTable.named(spark, getInitialStates()));
    }
    return extracted(request, ids.toDF());
  }

  /**
   * The columns that {@link #transform} gives. Reads the model's config and runs nothing.
   *
   * @throws io.hla.spark.InputException as transform does for the model and columns
   */
  @Override
  public StructType transformSchema(StructType schema) {
    Dataset<Row> empty = SparkSession.active().createDataFrame(List.<Row>of(), schema);
    return extracted(request(), empty).schema();
  }

  @Override
  public FeatureExtraction copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** Reads what {@code write()} and {@code save(path)} wrote. */
  public static MLReader<FeatureExtraction> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads a saved stage. */
  public static FeatureExtraction load(String path) {
    return read().load(path);
  }

  private FeatureExtraction with(ExtractionOption option, Object value) {
    set(options.<Object>of(option), value);
    return this;
  }

  private <T> T value(ExtractionOption option) {
    return getOrDefault(options.<T>of(option));
  }

  /** States of all layers that sequences go on from, in a table or view of that name. */
  public FeatureExtraction setInitialStates(String table) {
    set(initialStates, table);
    return this;
  }

  public String getInitialStates() {
    return getOrDefault(initialStates);
  }

  // --- Options, as ExtractionOption describes them ---

  public FeatureExtraction setModel(String value) {
    return with(ExtractionOption.MODEL, value);
  }

  public String getModel() {
    return value(ExtractionOption.MODEL);
  }

  public FeatureExtraction setAllowExtra(boolean value) {
    return with(ExtractionOption.ALLOW_EXTRA, value);
  }

  public boolean getAllowExtra() {
    return value(ExtractionOption.ALLOW_EXTRA);
  }

  public FeatureExtraction setFeatures(String value) {
    return with(ExtractionOption.FEATURES, value);
  }

  public String getFeatures() {
    return value(ExtractionOption.FEATURES);
  }

  public FeatureExtraction setScore(boolean value) {
    return with(ExtractionOption.SCORE, value);
  }

  public boolean getScore() {
    return value(ExtractionOption.SCORE);
  }

  public FeatureExtraction setPool(String value) {
    return with(ExtractionOption.POOL, value);
  }

  public String getPool() {
    return value(ExtractionOption.POOL);
  }

  public FeatureExtraction setWindow(long value) {
    return with(ExtractionOption.WINDOW, value);
  }

  public long getWindow() {
    return value(ExtractionOption.WINDOW);
  }

  public FeatureExtraction setPrecision(String value) {
    return with(ExtractionOption.PRECISION, value);
  }

  public String getPrecision() {
    return value(ExtractionOption.PRECISION);
  }

  public FeatureExtraction setDtype(String value) {
    return with(ExtractionOption.DTYPE, value);
  }

  public String getDtype() {
    return value(ExtractionOption.DTYPE);
  }

  public FeatureExtraction setL2(boolean value) {
    return with(ExtractionOption.L2, value);
  }

  public boolean getL2() {
    return value(ExtractionOption.L2);
  }

  public FeatureExtraction setSequence(String value) {
    return with(ExtractionOption.SEQUENCE, value);
  }

  public String getSequence() {
    return value(ExtractionOption.SEQUENCE);
  }

  public FeatureExtraction setPosition(String value) {
    return with(ExtractionOption.POSITION, value);
  }

  public String getPosition() {
    return value(ExtractionOption.POSITION);
  }

  public FeatureExtraction setId(String value) {
    return with(ExtractionOption.ID, value);
  }

  public String getId() {
    return value(ExtractionOption.ID);
  }

  public FeatureExtraction setOutputColumn(String value) {
    return with(ExtractionOption.OUTPUT_COLUMN, value);
  }

  public String getOutputColumn() {
    return value(ExtractionOption.OUTPUT_COLUMN);
  }

  public FeatureExtraction setBetweenLayers(String value) {
    return with(ExtractionOption.BETWEEN_LAYERS, value);
  }

  public String getBetweenLayers() {
    return value(ExtractionOption.BETWEEN_LAYERS);
  }

  public FeatureExtraction setRequireState(boolean value) {
    return with(ExtractionOption.REQUIRE_STATE, value);
  }

  public boolean getRequireState() {
    return value(ExtractionOption.REQUIRE_STATE);
  }

  public FeatureExtraction setInputOrder(String value) {
    return with(ExtractionOption.INPUT_ORDER, value);
  }

  public String getInputOrder() {
    return value(ExtractionOption.INPUT_ORDER);
  }

  public FeatureExtraction setCutEvery(long value) {
    return with(ExtractionOption.CUT_EVERY, value);
  }

  public long getCutEvery() {
    return value(ExtractionOption.CUT_EVERY);
  }

  public FeatureExtraction setOnNonfinite(String value) {
    return with(ExtractionOption.ON_NONFINITE, value);
  }

  public String getOnNonfinite() {
    return value(ExtractionOption.ON_NONFINITE);
  }

  public FeatureExtraction setFanIn(int value) {
    return with(ExtractionOption.FAN_IN, value);
  }

  public int getFanIn() {
    return value(ExtractionOption.FAN_IN);
  }

  public FeatureExtraction setKernels(String value) {
    return with(ExtractionOption.KERNELS, value);
  }

  public String getKernels() {
    return value(ExtractionOption.KERNELS);
  }

  public FeatureExtraction setIsa(String value) {
    return with(ExtractionOption.ISA, value);
  }

  public String getIsa() {
    return value(ExtractionOption.ISA);
  }
}
