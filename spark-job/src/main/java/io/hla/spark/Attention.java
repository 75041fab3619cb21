package io.hla.spark;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.SettingsException;
import io.hla.algebra.Summary;
import io.hla.kernels.Element;
import io.hla.spark.attend.JobParts;
import io.hla.spark.internals.RunningSpark;
import io.hla.spark.plan.AttentionPlan;
import io.hla.spark.plan.AttentionTable;
import io.hla.spark.plan.InputFiles;
import io.hla.spark.runs.Run;
import io.hla.spark.stream.AttentionStream;
import io.hla.spark.stream.StreamOptions;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenColumns;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;

/**
 * A request for higher-order linear attention over token tables. Immutable: every method returns
 * another request. Names and meanings are those of the command line.
 *
 * <pre>
 *   Dataset&lt;Row&gt; out = Attention.hla2().numHeads(8).numKvHeads(2).decay(0.999).attend(tokens);
 * </pre>
 *
 * <p>A token table has a row a token: a sequence column of any atomic type (absent: one sequence),
 * a position, consecutive within a sequence from any start, and arrays of numbers q [H d], k [Hkv
 * d] and v [Hkv dv], heads packed one behind the other; and gates [H] if {@link #gate} names them.
 *
 * <p>Outputs are a function of the tokens, of this request, and of where the runs of consecutive
 * positions end: in tables of files that are read as stored, at splits that follow from the files
 * alone; in tables that are sorted, as all are whose rows may differ from reading to reading, at
 * multiples of a fixed position; in others (cached ones, rows in memory, sources that split
 * themselves) where their partitions end. Given these, the number of executors, cores, retries and
 * the order of tasks have no influence on any bit.
 */
public final class Attention {
  private Operator operator;
  private Mask mask = Mask.CAUSAL;
  private Form form = Form.EXACT;
  private int numHeads = 1;
  private Integer numKvHeads;
  private Integer headDim;
  private Integer valueDim;
  private List<Double> decay = List.of(1.0);
  private double ridge;
  private boolean normalize;
  private double epsilon = 1e-6;
  private double scale = 1;
  private FeatureMap featureMap = FeatureMap.IDENTITY;
  private Precision precision = AttentionSettings.DEFAULT_PRECISION;
  private Element outputType = Element.FLOAT;
  private TokenColumns columns = TokenColumns.defaults();
  private String outputColumn = "o";
  private ComputeSettings compute = ComputeSettings.defaults();
  private Dataset<Row> initialStates;
  private boolean withFinalStates;
  private boolean withPrefixes;
  private JobObserver observer = JobObserver.NONE;

  private Attention(Operator operator) {
    this.operator = operator;
  }

  private Attention(Attention from) {
    operator = from.operator;
    mask = from.mask;
    form = from.form;
    numHeads = from.numHeads;
    numKvHeads = from.numKvHeads;
    headDim = from.headDim;
    valueDim = from.valueDim;
    decay = from.decay;
    ridge = from.ridge;
    normalize = from.normalize;
    epsilon = from.epsilon;
    scale = from.scale;
    featureMap = from.featureMap;
    precision = from.precision;
    outputType = from.outputType;
    columns = from.columns;
    outputColumn = from.outputColumn;
    compute = from.compute;
    initialStates = from.initialStates;
    withFinalStates = from.withFinalStates;
    withPrefixes = from.withPrefixes;
    observer = from.observer;
  }

  private interface Change {
    void to(Attention request);
  }

  private Attention with(Change change) {
    Attention changed = new Attention(this);
    change.to(changed);
    return changed;
  }

  /** Second order: sum over i &lt;= j &lt;= t of (q_t . k_i) (k_i . q_j) v_j. */
  public static Attention hla2() {
    return of(Operator.HLA2);
  }

  /** Third order: sum over i, j &lt;= u &lt;= t of (q_t . k_i) (k_i . q_u) (q_u . k_j) v_j. */
  public static Attention hla3() {
    return of(Operator.HLA3);
  }

  /** Asymmetric second order: sum over j &lt;= i &lt;= t of (q_t . k_i) (q_i . k_j) v_j. */
  public static Attention ahla() {
    return of(Operator.AHLA);
  }

  /** First order: sum over j &lt;= t of (q_t . k_j) v_j. */
  public static Attention linear() {
    return of(Operator.LINEAR);
  }

  /** Any order of the symmetric family: o = LA(q, u, x, g^n), u = LA(q, k, k), x of order n - 2. */
  public static Attention hla(int order) {
    return of(Operator.hla(order));
  }

  /** Any order of the asymmetric family: o = LA(q, k, x) with x of order n - 1. */
  public static Attention ahla(int order) {
    return of(Operator.ahla(order));
  }

  /**
   * Any program of linear attentions, such as {@code u = LA(q, k, k); o = LA(q, u, v, g^2)}.
   *
   * @throws SettingsException HLA_PROGRAM with the character at which it cannot be read
   */
  public static Attention program(String text) {
    return of(Operator.program(text));
  }

  /**
   * One head, no decay, columns seq, pos, q, k and v, outputs o of floats.
   *
   * @throws InputException HLA_SPARK_VERSION if the Spark that runs is of another line than the one
   *     that this library is built for; so do all that begin a request
   */
  public static Attention of(Operator operator) {
    RunningSpark.check();
    return new Attention(Objects.requireNonNull(operator));
  }

  public Attention operator(Operator value) {
    return with(request -> request.operator = Objects.requireNonNull(value));
  }

  public Attention mask(Mask value) {
    return with(request -> request.mask = Objects.requireNonNull(value));
  }

  public Attention form(Form value) {
    return with(request -> request.form = Objects.requireNonNull(value));
  }

  /** Query heads H; also KV heads unless {@link #numKvHeads} says otherwise. */
  public Attention numHeads(int value) {
    return with(request -> request.numHeads = value);
  }

  /** Key and value heads, a divisor of H; query head h reads head h / (H / Hkv). */
  public Attention numKvHeads(int value) {
    return with(request -> request.numKvHeads = value);
  }

  /** Length d of a query or key of one head. Unset, the first row tells the sizes of heads. */
  public Attention headDim(int value) {
    return with(request -> request.headDim = value);
  }

  /** Length dv of a value of one head; d unless this says otherwise. */
  public Attention valueDim(int value) {
    return with(request -> request.valueDim = value);
  }

  /** Decay in (0, 1], one for all heads or one per query head. */
  public Attention decay(double... values) {
    return with(request -> request.decay = Arrays.stream(values).boxed().toList());
  }

  /** Adds {@code value} q_t C_t, with C_t the decayed sum of q_j v_j; hla2, causal. */
  public Attention ridge(double value) {
    return with(request -> request.ridge = value);
  }

  /** Whether outputs are divided by the same sum with all values 1, plus epsilon. */
  public Attention normalize(boolean value) {
    return with(request -> request.normalize = value);
  }

  /** Is added to the denominator, its sign kept. */
  public Attention epsilon(double value) {
    return with(request -> request.epsilon = value);
  }

  /** Multiplies q once, in front of the feature map. */
  public Attention scale(double value) {
    return with(request -> request.scale = value);
  }

  /** Is applied to q and k. */
  public Attention featureMap(FeatureMap value) {
    return with(request -> request.featureMap = Objects.requireNonNull(value));
  }

  /** Arithmetic of the kernels. */
  public Attention precision(Precision value) {
    return with(request -> request.precision = Objects.requireNonNull(value));
  }

  /** The type of the outputs; doubles need {@link Precision#FLOAT64}. */
  public Attention outputType(Element value) {
    return with(request -> request.outputType = Objects.requireNonNull(value));
  }

  /** Names of the columns; {@code sequence} has to be there. */
  public Attention columns(
      String sequence, String position, String query, String key, String value) {
    return with(
        request ->
            request.columns =
                columns
                    .withSequence(sequence)
                    .withPosition(position)
                    .withQuery(query)
                    .withKey(key)
                    .withValue(value));
  }

  /** All that is said of columns, gates and columns to keep among them. */
  public Attention columns(TokenColumns value) {
    return with(request -> request.columns = Objects.requireNonNull(value));
  }

  /**
   * The column of gates, H numbers a token: the decay of a head at a token is its decay times the
   * gate. Null for tokens without gates.
   */
  public Attention gate(String column) {
    return with(request -> request.columns = columns.gated(column, columns.gateScale()));
  }

  /** What the numbers of the gate column are: gates, unless this says otherwise. */
  public Attention gateScale(GateScale value) {
    return with(
        request -> request.columns = columns.gated(columns.gate(), Objects.requireNonNull(value)));
  }

  /** Columns that go to the output as they are. */
  public Attention keep(String... names) {
    return with(request -> request.columns = columns.keeping(List.of(names)));
  }

  /** The name of the output column. */
  public Attention outputColumn(String name) {
    return with(request -> request.outputColumn = Objects.requireNonNull(name));
  }

  public Attention inputOrder(InputOrder value) {
    return compute(compute.withOrder(value));
  }

  /** Runs also end in front of every multiple of a position; 0 for no such ends. */
  public Attention cutEvery(long positions) {
    return compute(compute.withCutEvery(positions));
  }

  /**
   * Whether NaN and infinity are errors, in the input and where sums overflow; they are unless this
   * says otherwise.
   */
  public Attention refuseNonFinite(boolean value) {
    return compute(compute.withRefuseNonFinite(value));
  }

  /** Children of a node of the prefix tree, from 2. */
  public Attention fanIn(int value) {
    return compute(compute.withFanIn(value));
  }

  /**
   * Kernels (auto, java, native) and the best instruction set that native ones may use, or auto.
   */
  public Attention kernels(String kernels, String instructionSet) {
    return compute(compute.withKernels(kernels, instructionSet));
  }

  /** How the job computes, apart from what it computes. */
  public Attention compute(ComputeSettings value) {
    return with(request -> request.compute = Objects.requireNonNull(value));
  }

  /**
   * States that sequences go on from: (seq, next_pos, state), as {@link Result#finalStates} has
   * them. Sequences without one start from nothing.
   */
  public Attention initialStates(Dataset<Row> states) {
    return with(request -> request.initialStates = states);
  }

  /** Whether a sequence without an initial state is an error, instead of one that is new. */
  public Attention requireStates(boolean value) {
    return compute(compute.withRequiredStates(value));
  }

  /** {@link #run} also gives the states behind all sequences. */
  public Attention withFinalStates() {
    return with(request -> request.withFinalStates = true);
  }

  /** {@link #run} also gives the states in front of all runs. */
  public Attention withPrefixes() {
    return with(request -> request.withPrefixes = true);
  }

  /** Who is told what the job does. */
  public Attention observer(JobObserver value) {
    return with(request -> request.observer = Objects.requireNonNull(value));
  }

  /**
   * The outputs of a token table: (seq if there is one, pos, output column, kept columns), within a
   * sequence in the stored order. Lazy: no Spark job runs before the first action; index, summaries
   * and scan run once for all actions on the result.
   *
   * @throws InputException HLA_INPUT_COLUMN, HLA_INPUT_TYPE, HLA_OUTPUT_COLUMN or
   *     HLA_INPUT_STREAMING at once; what the rows hold is refused by the first action
   */
  public Dataset<Row> attend(Dataset<Row> tokens) {
    return plan(tokens, JobParts.SOUND).table(AttentionTable.OUTPUTS);
  }

  /**
   * Runs all passes but the last over a token table, which gives the states and all figures; the
   * outputs are computed by the actions on them.
   *
   * @throws InputException if the table is refused
   */
  public Result run(Dataset<Row> tokens) {
    return run(tokens, JobParts.SOUND);
  }

  /**
   * The same with a part of the job exchanged for one that is wrong on purpose, which validation
   * has to notice; nothing else has a use for it.
   */
  public Result run(Dataset<Row> tokens, JobParts parts) {
    AttentionPlan plan = plan(tokens, parts);
    return new Attended(plan, plan.prepare(), withFinalStates, withPrefixes);
  }

  /**
   * What {@link #run} would find and cost: positions are read, and nothing else.
   *
   * @return figures of the input and the plan; {@link Figure#RUNS_IF_STORED} in place of the runs
   *     where tokens would be sorted
   * @throws InputException if the table is refused for its columns, positions or states
   */
  public Map<Figure, Object> estimate(Dataset<Row> tokens) {
    return plan(tokens, JobParts.SOUND).estimate();
  }

  /**
   * The outputs of a stream of tokens, with the state of every sequence in the query's checkpoint;
   * positions that are late, come again or are missing end the query.
   *
   * @param tokens a stream, or a table
   * @param states that sequences go on from, as {@link #initialStates} takes them; null for those
   *     of this request, if it has any
   * @throws InputException as {@link AttentionStream#attend} does
   */
  public Dataset<Row> stream(Dataset<Row> tokens, Dataset<Row> states) {
    return stream(tokens, states, StreamOptions.defaults());
  }

  /** The same with another way to deal with positions that come out of order. */
  public Dataset<Row> stream(Dataset<Row> tokens, Dataset<Row> states, StreamOptions options) {
    return AttentionStream.attend(this, tokens, states == null ? initialStates : states, options);
  }

  private AttentionPlan plan(Dataset<Row> tokens, JobParts parts) {
    return new AttentionPlan(this, tokens, initialStates, parts);
  }

  /**
   * Refuses what no table could make right.
   *
   * @throws InputException HLA_OPTION_NOT_APPLICABLE if outputs are to be wider than the arithmetic
   * @throws SettingsException if the settings do not go together
   */
  public void check() {
    if (outputType == Element.DOUBLE && !precision.isDouble()) {
      throw new InputException(
          "HLA_OPTION_NOT_APPLICABLE",
          String.format(
              Locale.ROOT,
              "output-type double belongs to precision float64, not to %s",
              precision.text()));
    }
    // Finds out whether there are summaries of such a program.
    Summary.steps(settings(1, 1));
  }

  /**
   * The settings of the operator for heads of these sizes.
   *
   * @throws SettingsException if they do not go together
   */
  public AttentionSettings settings(int headDim, int valueDim) {
    return AttentionSettings.builder(headDim, valueDim)
        .operator(operator)
        .mask(mask)
        .form(form)
        .heads(numHeads, numKvHeads())
        .decay(decay)
        .ridge(ridge)
        .normalize(normalize)
        .epsilon(epsilon)
        .scale(scale)
        .featureMap(featureMap)
        .precision(precision)
        .gated(columns.gate() != null)
        .build();
  }

  public int numHeads() {
    return numHeads;
  }

  public int numKvHeads() {
    return numKvHeads == null ? numHeads : numKvHeads;
  }

  public TokenColumns columns() {
    return columns;
  }

  public Element outputType() {
    return outputType;
  }

  public String outputColumn() {
    return outputColumn;
  }

  public ComputeSettings compute() {
    return compute;
  }

  /** The sizes of heads, or null where the first row is to tell them. */
  public HeadSizes sizes() {
    return headDim == null ? null : new HeadSizes(headDim, valueDim == null ? headDim : valueDim);
  }

  public boolean wantsFinalStates() {
    return withFinalStates;
  }

  public JobObserver observer() {
    return observer;
  }

  /** What {@link Attention#run} gives: outputs, states and figures from one scan. */
  public interface Result {
    /** Rows (seq if there is one, pos, output column, kept columns), computed by each action. */
    Dataset<Row> outputs();

    /**
     * The state behind every sequence, and the initial ones of sequences that the table does not
     * have: (seq if there is one, next_pos, tokens, settings, state). Empty unless asked for.
     */
    Dataset<Row> finalStates();

    /**
     * The state in front of every run: columns as in {@link #finalStates}, state null where nothing
     * stands in front. Empty unless asked for.
     */
    Dataset<Row> prefixes();

    /** The settings with the head sizes of the table. */
    AttentionSettings settings();

    /** The type of the sequence column, or null when there is none. */
    DataType sequenceType();

    /** Figures of the job so far; what tasks count grows with every action. */
    Map<Figure, Object> figures();

    /** Tokens of the table. */
    long tokens();

    /** Sequences of the table. */
    long sequences();

    /** Runs of the table. */
    long runs();

    /** Partitions of the tokens. */
    int partitions();

    /** Runs of the sequence that has the most of them. */
    long longest();

    /**
     * All runs; those of one sequence are in one partition. Runs are records, which Kryo cannot
     * carry: map them to something else before they are collected or shuffled.
     */
    JavaRDD<Run> runList();

    /** The runs of one sequence in stream order, of ranks {@code from} to {@code to - 1}. */
    List<Run> runsOf(SequenceKey sequence, long from, long to);

    /** A sequence that has the most runs, or null for a table without tokens. */
    SequenceKey longestSequence();

    /** The summaries of the first scan step of some runs of one sequence, in their order. */
    List<Summary> summaries(List<Run> runs);

    /**
     * The runs computed again, token by token in double, from the states in front of them, and
     * compared with the outputs.
     *
     * @param share of the runs that are computed again, 1 for all
     * @param seed chooses them
     * @return a packed {@link io.hla.spark.passes.RunProof} for every chosen run
     */
    JavaRDD<byte[]> recomputed(double share, long seed);

    /** The files behind the tokens, to guard what is done with the outputs. */
    InputFiles inputFiles();
  }
}
