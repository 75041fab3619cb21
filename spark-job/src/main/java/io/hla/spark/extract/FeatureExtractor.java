package io.hla.spark.extract;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.spark.ComputeSettings;
import io.hla.spark.Figure;
import io.hla.spark.InputException;
import io.hla.spark.InputOrder;
import io.hla.spark.JobObserver;
import io.hla.spark.extract.Features.Kind;
import io.hla.spark.internals.RunningSpark;
import io.hla.spark.model.ModelConfig;
import io.hla.spark.model.ModelDirectory;
import io.hla.spark.plan.AttentionTable;
import io.hla.spark.plan.InputFiles;
import io.hla.spark.stream.StreamOptions;
import io.hla.spark.table.IdColumns;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;

/**
 * A request for features or scores of a decoder whose layers are higher-order linear attention,
 * over sequences of token ids of any length. Immutable: every method returns another request.
 *
 * <pre>
 *   Dataset&lt;Row&gt; features = FeatureExtractor.of("models/tiny").pool("mean", 0).extract(ids);
 * </pre>
 *
 * <p>A table of ids has a row a token: a sequence column of any atomic type (absent: one sequence),
 * a position, consecutive within a sequence from any start, and the id. Every layer sees the whole
 * sequence in front of a token, wherever its rows lie: its attention is the scan of {@link
 * io.hla.spark.Attention}, and what its bits depend on is said there. What stands between two
 * attentions is computed by kernels whose sums have one order, on any machine.
 */
public final class FeatureExtractor {
  /** The column of scores: the natural logarithm of the probability of the token behind. */
  public static final String SCORE = "log_probability";

  /** 16 GB; {@code spark.hla.extract.keepBytes} sets another. */
  public static final long DEFAULT_KEEP_BYTES = 16L << 30;

  private String model;
  private boolean allowExtra;
  private Features features = Features.hidden();
  private boolean score;
  private Pooling pooling = Pooling.NONE;
  private Precision precision = AttentionSettings.DEFAULT_PRECISION;
  private VectorType dtype = VectorType.FLOAT;
  private boolean l2;
  private IdColumns columns = IdColumns.defaults();
  private String outputColumn = "features";
  private BetweenLayers betweenLayers = BetweenLayers.AUTO;
  private Long keepBytes;
  private ComputeSettings compute = ComputeSettings.defaults();
  private Dataset<Row> initialStates;
  private boolean withFinalStates;
  private JobObserver observer = JobObserver.NONE;

  private FeatureExtractor(String model) {
    this.model = model;
  }

  private FeatureExtractor(FeatureExtractor from) {
    model = from.model;
    allowExtra = from.allowExtra;
    features = from.features;
    score = from.score;
    pooling = from.pooling;
    precision = from.precision;
    dtype = from.dtype;
    l2 = from.l2;
    columns = from.columns;
    outputColumn = from.outputColumn;
    betweenLayers = from.betweenLayers;
    keepBytes = from.keepBytes;
    compute = from.compute;
    initialStates = from.initialStates;
    withFinalStates = from.withFinalStates;
    observer = from.observer;
  }

  private interface Change {
    void to(FeatureExtractor request);
  }

  private FeatureExtractor with(Change change) {
    FeatureExtractor changed = new FeatureExtractor(this);
    change.to(changed);
    return changed;
  }

  /**
   * Features of the model in a directory: {@code config.json}, {@code model.safetensors} or its
   * shards with their index; on any file system that Hadoop knows.
   *
   * @throws InputException HLA_SPARK_VERSION if the Spark that runs is of another line than the one
   *     that this library is built for
   */
  public static FeatureExtractor of(String modelDirectory) {
    RunningSpark.check();
    return new FeatureExtractor(modelDirectory);
  }

  /** Those of another model. */
  FeatureExtractor model(String directory) {
    return with(request -> request.model = directory);
  }

  /** Whether keys of the config and tensors that no layer uses are passed over. Default: false. */
  public FeatureExtractor allowExtra(boolean value) {
    return with(request -> request.allowExtra = value);
  }

  /** Which vectors; hidden unless others are asked for. */
  public FeatureExtractor features(Features value) {
    return with(request -> request.features = value);
  }

  /** The same by hidden, layer:N, attention:N or none. Throws HLA_FEATURES for another text. */
  public FeatureExtractor features(String text) {
    return features(Features.of(text));
  }

  /**
   * Whether every token also gets the logarithm of the probability that the model gives to the
   * token behind it; null for the last one of a sequence. Default: false.
   */
  public FeatureExtractor score(boolean value) {
    return with(request -> request.score = value);
  }

  /** How the vectors of several tokens become one; pooled in double, in the order of positions. */
  public FeatureExtractor pool(Pooling value) {
    return with(request -> request.pooling = value);
  }

  /** The same by none, mean, last or max, and tokens of a window (0: the whole sequence). */
  public FeatureExtractor pool(String kind, long window) {
    return pool(Pooling.of(kind, window));
  }

  /** Arithmetic; float64 computes everything in double, others the layers in float. */
  public FeatureExtractor precision(Precision value) {
    return with(request -> request.precision = value);
  }

  /** What the vectors of the output hold. Default: float. */
  public FeatureExtractor dtype(VectorType value) {
    return with(request -> request.dtype = value);
  }

  /** Whether vectors are divided by their Euclidean norms, those pooled behind pooling. */
  public FeatureExtractor l2(boolean value) {
    return with(request -> request.l2 = value);
  }

  /** The columns of the table. */
  public FeatureExtractor columns(IdColumns value) {
    return with(request -> request.columns = value);
  }

  /** Further columns that go to the output; behind pooling those of a group's first token. */
  public FeatureExtractor keep(String... names) {
    return columns(columns.keeping(List.of(names)));
  }

  /** The name of the column of vectors. Default: features. */
  public FeatureExtractor outputColumn(String name) {
    return with(request -> request.outputColumn = name);
  }

  /** Where the vectors between layers come from. Default: auto. */
  public FeatureExtractor betweenLayers(BetweenLayers value) {
    return with(request -> request.betweenLayers = value);
  }

  /** The most bytes of a layer's vectors that are kept on the disks of executors by themselves. */
  public FeatureExtractor keepBytes(long bytes) {
    return with(request -> request.keepBytes = bytes);
  }

  /** How it is computed. */
  public FeatureExtractor compute(ComputeSettings value) {
    return with(request -> request.compute = value);
  }

  /** Whether rows are read as stored, sorted first, or whichever costs less. */
  public FeatureExtractor inputOrder(InputOrder value) {
    return compute(compute.withOrder(value));
  }

  /** Runs also end in front of every multiple of this position; 0 for no such ends. */
  public FeatureExtractor cutEvery(long positions) {
    return compute(compute.withCutEvery(positions));
  }

  /** States of all layers that sequences go on from, as {@link Result#finalStates} gives them. */
  public FeatureExtractor initialStates(Dataset<Row> states) {
    return with(request -> request.initialStates = states);
  }

  /** Whether a sequence without an initial state is refused. Default: false. */
  public FeatureExtractor requireStates(boolean value) {
    return compute(compute.withRequiredStates(value));
  }

  /** Asks {@link #run} for the states of all layers behind all sequences. */
  public FeatureExtractor withFinalStates() {
    return with(request -> request.withFinalStates = true);
  }

  /** Who is told what happens. */
  public FeatureExtractor observer(JobObserver value) {
    return with(request -> request.observer = value);
  }

  /**
   * The features of a table of ids: (seq if there is one, pos, features, log_probability if scores
   * are asked for, kept columns), with pooling {@code tokens} behind pos, which is that of a
   * group's first token, and {@code log_probability} the mean. Lazy: no Spark job runs before the
   * first action; the scans run once for all actions on the result.
   *
   * @throws InputException HLA_MODEL_*, HLA_FEATURES, HLA_INPUT_COLUMN, HLA_INPUT_TYPE,
   *     HLA_OUTPUT_COLUMN or HLA_INPUT_STREAMING at once; what the rows hold is refused by the
   *     first action
   */
  public Dataset<Row> extract(Dataset<Row> ids) {
    return new ExtractionPlan(this, ids, initialStates).table(AttentionTable.OUTPUTS);
  }

  /**
   * Runs all passes but the last, which gives the states and figures; features are computed by the
   * actions on them.
   *
   * @throws InputException if the table is refused
   */
  public Result run(Dataset<Row> ids) {
    ExtractionPlan plan = new ExtractionPlan(this, ids, initialStates);
    plan.prepare();
    return new Extracted(plan, withFinalStates);
  }

  /**
   * The features of a stream of ids, with the states of all layers in the query's checkpoint;
   * positions that are late, come again or are missing end the query.
   *
   * @param ids a stream, or a table
   * @param states that sequences go on from, as {@link #initialStates} takes them; null for those
   *     of this request, if it has any
   * @throws InputException as {@link FeatureStream#extract} does
   */
  public Dataset<Row> stream(Dataset<Row> ids, Dataset<Row> states) {
    return stream(ids, states, StreamOptions.defaults());
  }

  /** The same with another way to deal with positions that come out of order. */
  public Dataset<Row> stream(Dataset<Row> ids, Dataset<Row> states, StreamOptions options) {
    return FeatureStream.extract(this, ids, states == null ? initialStates : states, options);
  }

  /**
   * Refuses what does not fit a model.
   *
   * @throws InputException HLA_FEATURES, HLA_OPTION_NOT_APPLICABLE or HLA_MODEL_CONFIG
   */
  void check(ModelConfig config) {
    if (features.layer() > config.layers()) {
      throw new InputException(
          "HLA_FEATURES",
          String.format(
              Locale.ROOT, "features are %s, the model has %d layers", features, config.layers()));
    }
    if (score && features.kind() != Kind.HIDDEN && features.kind() != Kind.NONE) {
      throw new InputException(
          "HLA_OPTION_NOT_APPLICABLE",
          "scores belong to features hidden or none, not to " + features);
    }
    if (!score && features.kind() == Kind.NONE) {
      throw new InputException(
          "HLA_OPTION_NOT_APPLICABLE", "features are none and no scores are asked for");
    }
    if (dtype == VectorType.DOUBLE && !precision.isDouble()) {
      throw new InputException(
          "HLA_OPTION_NOT_APPLICABLE",
          "dtype double belongs to precision float64, not to " + precision.text());
    }
    if (withFinalStates && features.layers(config.layers()) < config.layers()) {
      throw new InputException(
          "HLA_OPTION_NOT_APPLICABLE",
          "final states are those of all layers, and features " + features + " need not all");
    }
    for (int layer = 0; layer < features.layers(config.layers()); layer++) {
      // Finds out whether the precision takes its decays for other numbers.
      config.attention(layer, precision);
    }
  }

  /** Opens the model; reads no weights. */
  ModelDirectory open(Configuration configuration) {
    return ModelDirectory.open(configuration, model, allowExtra);
  }

  String model() {
    return model;
  }

  public Features features() {
    return features;
  }

  public boolean scored() {
    return score;
  }

  public Pooling pooling() {
    return pooling;
  }

  Precision precision() {
    return precision;
  }

  VectorType dtype() {
    return dtype;
  }

  boolean l2() {
    return l2;
  }

  public IdColumns columns() {
    return columns;
  }

  public String outputColumn() {
    return outputColumn;
  }

  BetweenLayers betweenLayers() {
    return betweenLayers;
  }

  /** As asked for; null for what the session says. */
  Long keepBytes() {
    return keepBytes;
  }

  /** How it is computed. */
  public ComputeSettings compute() {
    return compute;
  }

  boolean wantsFinalStates() {
    return withFinalStates;
  }

  JobObserver observer() {
    return observer;
  }

  /** What {@link FeatureExtractor#run} gives. */
  public interface Result extends AutoCloseable {
    /** Rows as {@link FeatureExtractor#extract} gives them, computed by each action. */
    Dataset<Row> features();

    /**
     * The states of all layers behind every sequence, and the initial ones of sequences that the
     * table does not have: (seq if there is one, next_pos, tokens, settings, state, layer, model).
     * Empty unless asked for.
     */
    Dataset<Row> finalStates();

    /** The type of the sequence column, or null when there is none. */
    DataType sequenceType();

    /** Figures so far; what tasks count grows with every action. */
    Map<Figure, Object> figures();

    /** The files behind the ids, to guard what is done with the features. */
    InputFiles inputFiles();

    /** Gives back the room of vectors between layers; actions behind it compute them again. */
    @Override
    void close();
  }
}
