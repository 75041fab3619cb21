package io.hla.spark.ml;

import io.hla.algebra.SettingsException;
import io.hla.spark.Attention;
import io.hla.spark.AttentionOption;
import io.hla.spark.InputException;
import io.hla.spark.state.StateTable;
import io.hla.spark.table.TokenColumns;
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
 * {@link Attention#attend} as a stage of a pipeline: all columns of the input, and behind them the
 * outputs, array&lt;float&gt; of H dv numbers, in {@code outputColumn}. Nothing is shuffled unless
 * attend has to sort, and no job runs before the first action.
 *
 * <pre>
 *   new HigherOrderLinearAttention().setNumHeads(8).setDecay(0.99).transform(tokens);
 * </pre>
 *
 * <p>Params have the names and meanings of {@link AttentionOption}, in camel case. A setter refuses
 * a value that is wrong by itself (InputException HLA_OPTION_VALUE, {@link SettingsException}, or
 * IllegalArgumentException for a number out of range); {@link #transformSchema} refuses values that
 * do not go together. A getter of a param that has neither value nor default throws
 * NoSuchElementException.
 */
public final class HigherOrderLinearAttention extends Transformer implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;

  private final String uid;
  private final OptionParams<AttentionOption> options;
  private final Param<String> initialStates;

  public HigherOrderLinearAttention() {
    this(Identifiable.randomUID("hla"));
  }

  /** A stage of that name, for those that read and copy stages. */
  public HigherOrderLinearAttention(String uid) {
    // Params ask their stage for its uid when they are made.
    this.uid = uid;
    options = new OptionParams<>(this, AttentionOption.class);
    initialStates =
        new Param<>(
            uid,
            "initialStates",
            "table or view of the states that sequences go on from; default none",
            String.class);
    options.setDefaults(this, Defaults.ATTENTION);
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

  /** The param of an option. {@link AttentionOption#KEEP} has none: all columns are kept. */
  public <T> Param<T> param(AttentionOption option) {
    return options.of(option);
  }

  private Dataset<Row> attended(Attention request, Dataset<Row> tokens) {
    TokenColumns columns = request.columns();
    KeptColumns kept = new KeptColumns(tokens.schema(), columns.sequence(), columns.position());
    Dataset<Row> outputs = request.columns(columns.keeping(kept.others())).attend(tokens);
    return kept.inFrontOf(List.of(request.outputColumn()), outputs);
  }

  /**
   * The table with its outputs. Lazy, as {@link Attention#attend} is.
   *
   * @throws InputException for columns that are missing, of another type or there already
   *     (HLA_OUTPUT_COLUMN), for a stream, or a table of states that is not there
   * @throws SettingsException if options do not go together
   */
  @Override
  public Dataset<Row> transform(Dataset<?> tokens) {
    Attention request = AttentionOption.request(options.given(this));
    if (isSet(initialStates)) {
      SparkSession spark = tokens.sparkSession();
      request = request.initialStates(StateTable.named(spark, getInitialStates()));
    }
    return attended(request, tokens.toDF());
  }

  /**
   * The columns that {@link #transform} gives. Runs nothing.
   *
   * @throws InputException as transform does for columns
   * @throws SettingsException if options do not go together
   */
  @Override
  public StructType transformSchema(StructType schema) {
    Dataset<Row> empty = SparkSession.active().createDataFrame(List.<Row>of(), schema);
    return attended(AttentionOption.request(options.given(this)), empty).schema();
  }

  @Override
  public HigherOrderLinearAttention copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** Reads what {@code write()} and {@code save(path)} wrote. */
  public static MLReader<HigherOrderLinearAttention> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads a saved stage. */
  public static HigherOrderLinearAttention load(String path) {
    return read().load(path);
  }

  private HigherOrderLinearAttention with(AttentionOption option, Object value) {
    set(options.<Object>of(option), value);
    return this;
  }

  private <T> T value(AttentionOption option) {
    return getOrDefault(options.<T>of(option));
  }

  /** States that sequences go on from: (seq, next_pos, state) in a table or view of that name. */
  public HigherOrderLinearAttention setInitialStates(String table) {
    set(initialStates, table);
    return this;
  }

  public String getInitialStates() {
    return getOrDefault(initialStates);
  }

  // --- Options, as AttentionOption describes them ---

  public HigherOrderLinearAttention setOperator(String value) {
    return with(AttentionOption.OPERATOR, value);
  }

  public String getOperator() {
    return value(AttentionOption.OPERATOR);
  }

  public HigherOrderLinearAttention setProgram(String value) {
    return with(AttentionOption.PROGRAM, value);
  }

  public String getProgram() {
    return value(AttentionOption.PROGRAM);
  }

  public HigherOrderLinearAttention setMask(String value) {
    return with(AttentionOption.MASK, value);
  }

  public String getMask() {
    return value(AttentionOption.MASK);
  }

  public HigherOrderLinearAttention setForm(String value) {
    return with(AttentionOption.FORM, value);
  }

  public String getForm() {
    return value(AttentionOption.FORM);
  }

  public HigherOrderLinearAttention setNumHeads(int value) {
    return with(AttentionOption.NUM_HEADS, value);
  }

  public int getNumHeads() {
    return value(AttentionOption.NUM_HEADS);
  }

  public HigherOrderLinearAttention setNumKvHeads(int value) {
    return with(AttentionOption.NUM_KV_HEADS, value);
  }

  public int getNumKvHeads() {
    return value(AttentionOption.NUM_KV_HEADS);
  }

  public HigherOrderLinearAttention setHeadDim(int value) {
    return with(AttentionOption.HEAD_DIM, value);
  }

  public int getHeadDim() {
    return value(AttentionOption.HEAD_DIM);
  }

  public HigherOrderLinearAttention setValueDim(int value) {
    return with(AttentionOption.VALUE_DIM, value);
  }

  public int getValueDim() {
    return value(AttentionOption.VALUE_DIM);
  }

  public HigherOrderLinearAttention setDecay(double... values) {
    return with(AttentionOption.DECAY, values);
  }

  public double[] getDecay() {
    return value(AttentionOption.DECAY);
  }

  public HigherOrderLinearAttention setRidge(double value) {
    return with(AttentionOption.RIDGE, value);
  }

  public double getRidge() {
    return value(AttentionOption.RIDGE);
  }

  public HigherOrderLinearAttention setNormalize(boolean value) {
    return with(AttentionOption.NORMALIZE, value);
  }

  public boolean getNormalize() {
    return value(AttentionOption.NORMALIZE);
  }

  public HigherOrderLinearAttention setEpsilon(double value) {
    return with(AttentionOption.EPSILON, value);
  }

  public double getEpsilon() {
    return value(AttentionOption.EPSILON);
  }

  public HigherOrderLinearAttention setScale(double value) {
    return with(AttentionOption.SCALE, value);
  }

  public double getScale() {
    return value(AttentionOption.SCALE);
  }

  public HigherOrderLinearAttention setFeatureMap(String value) {
    return with(AttentionOption.FEATURE_MAP, value);
  }

  public String getFeatureMap() {
    return value(AttentionOption.FEATURE_MAP);
  }

  public HigherOrderLinearAttention setPrecision(String value) {
    return with(AttentionOption.PRECISION, value);
  }

  public String getPrecision() {
    return value(AttentionOption.PRECISION);
  }

  public HigherOrderLinearAttention setOutputType(String value) {
    return with(AttentionOption.OUTPUT_TYPE, value);
  }

  public String getOutputType() {
    return value(AttentionOption.OUTPUT_TYPE);
  }

  public HigherOrderLinearAttention setSequence(String value) {
    return with(AttentionOption.SEQUENCE, value);
  }

  public String getSequence() {
    return value(AttentionOption.SEQUENCE);
  }

  public HigherOrderLinearAttention setPosition(String value) {
    return with(AttentionOption.POSITION, value);
  }

  public String getPosition() {
    return value(AttentionOption.POSITION);
  }

  public HigherOrderLinearAttention setQuery(String value) {
    return with(AttentionOption.QUERY, value);
  }

  public String getQuery() {
    return value(AttentionOption.QUERY);
  }

  public HigherOrderLinearAttention setKey(String value) {
    return with(AttentionOption.KEY, value);
  }

  public String getKey() {
    return value(AttentionOption.KEY);
  }

  public HigherOrderLinearAttention setValue(String value) {
    return with(AttentionOption.VALUE, value);
  }

  public String getValue() {
    return value(AttentionOption.VALUE);
  }

  public HigherOrderLinearAttention setGate(String value) {
    return with(AttentionOption.GATE, value);
  }

  public String getGate() {
    return value(AttentionOption.GATE);
  }

  public HigherOrderLinearAttention setGateScale(String value) {
    return with(AttentionOption.GATE_SCALE, value);
  }

  public String getGateScale() {
    return value(AttentionOption.GATE_SCALE);
  }

  public HigherOrderLinearAttention setOutputColumn(String value) {
    return with(AttentionOption.OUTPUT_COLUMN, value);
  }

  public String getOutputColumn() {
    return value(AttentionOption.OUTPUT_COLUMN);
  }

  public HigherOrderLinearAttention setRequireState(boolean value) {
    return with(AttentionOption.REQUIRE_STATE, value);
  }

  public boolean getRequireState() {
    return value(AttentionOption.REQUIRE_STATE);
  }

  public HigherOrderLinearAttention setInputOrder(String value) {
    return with(AttentionOption.INPUT_ORDER, value);
  }

  public String getInputOrder() {
    return value(AttentionOption.INPUT_ORDER);
  }

  public HigherOrderLinearAttention setCutEvery(long value) {
    return with(AttentionOption.CUT_EVERY, value);
  }

  public long getCutEvery() {
    return value(AttentionOption.CUT_EVERY);
  }

  public HigherOrderLinearAttention setOnNonfinite(String value) {
    return with(AttentionOption.ON_NONFINITE, value);
  }

  public String getOnNonfinite() {
    return value(AttentionOption.ON_NONFINITE);
  }

  public HigherOrderLinearAttention setFanIn(int value) {
    return with(AttentionOption.FAN_IN, value);
  }

  public int getFanIn() {
    return value(AttentionOption.FAN_IN);
  }

  public HigherOrderLinearAttention setKernels(String value) {
    return with(AttentionOption.KERNELS, value);
  }

  public String getKernels() {
    return value(AttentionOption.KERNELS);
  }

  public HigherOrderLinearAttention setIsa(String value) {
    return with(AttentionOption.ISA, value);
  }

  public String getIsa() {
    return value(AttentionOption.ISA);
  }
}
