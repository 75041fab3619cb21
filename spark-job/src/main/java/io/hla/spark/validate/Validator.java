package io.hla.spark.validate;

import static org.apache.spark.sql.functions.min;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Kernels;
import io.hla.spark.Attention;
import io.hla.spark.InputException;
import io.hla.spark.attend.Phases;
import io.hla.spark.passes.Expected;
import io.hla.spark.table.Columns;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Validates one token table. The baseline is the job as {@code attend} runs it; everything else is
 * compared with its outputs at sampled positions, or checks the algebra on its own tokens.
 */
public final class Validator {
  private static final long SEED = 20_240_229;
  private static final int DENSE_TOKENS = 48;
  private static final int SEGMENT = 40;

  /** Relative errors above this surprise users of float. */
  private static final double FAR_OFF = 1e-5;

  private final SparkSession spark;
  private final Attention request;
  private final Dataset<Row> tokens;
  private final Dataset<Row> prefix;
  private final long prefixTokens;
  private final double share;
  private final long seed;
  private final Phases phases;
  private final List<Check> checks = new ArrayList<>();
  private final List<Way> ways = new ArrayList<>();
  private final Map<Long, Double> errorAtPosition = new TreeMap<>();
  private Attention.Result baseline;
  private double relativeError;

  /**
   * @param request what is validated; keeps no columns
   * @param tokens the tokens
   * @param prefix the same tokens up to {@code prefixTokens} behind the first position of the
   *     table; other ways to run the job are tried on these
   * @param share of the runs whose tokens are all proved, 1 for all
   * @param seed chooses them
   */
  public Validator(
      SparkSession spark,
      Attention request,
      Dataset<Row> tokens,
      Dataset<Row> prefix,
      long prefixTokens,
      double share,
      long seed) {
    this.spark = spark;
    this.request = request;
    this.tokens = tokens;
    this.prefix = prefix;
    this.prefixTokens = prefixTokens;
    this.share = share;
    this.seed = seed;
    this.phases = new Phases(spark.sparkContext(), request.observer());
  }

  /**
   * A validator of a token table. Positions are looked at once, by a job of Spark's.
   *
   * @param request what is validated; keeps no columns
   * @param tokens the tokens
   * @param compareTokens how far behind the first position the job is run in other ways
   * @param share of the runs whose tokens are all proved, 1 for all
   * @param seed chooses them
   * @throws InputException for columns that are missing or of another type
   */
  public static Validator of(
      SparkSession spark,
      Attention request,
      Dataset<Row> tokens,
      long compareTokens,
      double share,
      long seed) {
    // Looks at the columns, so that what is wrong with them is said in our words.
    request.attend(tokens);
    Column position = Columns.named(request.columns().position());
    Row first = tokens.agg(min(position)).head();
    long start = first.isNullAt(0) ? 0 : ((Number) first.get(0)).longValue();
    Dataset<Row> prefix = tokens.where(position.lt(start + compareTokens));
    return new Validator(spark, request, tokens, prefix, compareTokens, share, seed);
  }

  /**
   * What a table holds.
   *
   * @param longest runs of the sequence that has the most of them
   */
  public record Counts(long tokens, long sequences, long runs, long longest) {}

  /**
   * The verdict.
   *
   * @param settings what was computed
   * @param checks all lines, proofs and controls
   * @param table what the table holds
   * @param errorAtPosition by position, the largest share of what rounding allows that an output is
   *     off by from the serial recurrence; at most 1 if it is right
   * @param relativeError the largest error at sampled positions, relative to the largest output of
   *     the same head up to that position
   * @param ways how the job was run again, and what that took
   * @param fanIn children of a node of the tree of the longest sequence
   */
  public record Verdict(
      AttentionSettings settings,
      List<Check> checks,
      Counts table,
      Map<Long, Double> errorAtPosition,
      double relativeError,
      List<Way> ways,
      int fanIn) {
    public boolean holds() {
      return checks.stream().allMatch(Check::passed);
    }

    /** What to do about outputs that are right and yet far off; null where they are not. */
    public String advice() {
      return settings.precision() == Precision.FLOAT64 || relativeError <= FAR_OFF
          ? null
          : String.format(
              Locale.ROOT,
              "Sums of this input cancel: outputs are off by up to %.1e of the largest, which is"
                  + " all that precision %s can promise. float64 computes them exactly.",
              relativeError,
              settings.precision().name().toLowerCase(Locale.ROOT));
    }
  }

  /** Runs everything. */
  public Verdict run() {
    baseline = request.withPrefixes().run(tokens);
    if (baseline.tokens() == 0) {
      throw new InputException("HLA_INPUT_EMPTY", "there is no token to validate");
    }
    OutputSample sample = OutputSample.of(spark, baseline, prefixTokens, SEED);
    TreeMap<OutputSample.Place, double[]> outputs =
        phases.run(
            "attend",
            "computing all outputs, keeping " + sample.size(),
            () -> sample.collect(baseline.outputs()));
    phases.run("definition", "sums over index tuples", () -> againstDefinition(sample, outputs));
    phases.run(
        "induction",
        "every run again, token by token in double, from the state in front of it",
        () -> checks.addAll(new Induction(baseline, share, seed).checks()));
    phases.run("planted", "small jobs that are wrong on purpose", this::planted);
    otherWays(sample, outputs);
    phases.run("laws", "segments of neighbouring tokens", this::laws);
    phases.run(
        "bracketings",
        "summaries of neighbouring runs",
        () -> checks.addAll(new NeighbouringRuns(baseline).checks()));
    phases.run(
        "integers",
        "exact streams",
        () -> checks.add(new IntegerStreams(spark, request, baseline.settings()).check()));
    return new Verdict(
        baseline.settings(),
        List.copyOf(checks),
        new Counts(baseline.tokens(), baseline.sequences(), baseline.runs(), baseline.longest()),
        errorAtPosition,
        relativeError,
        ways,
        request.compute().fanIn());
  }

  private void againstDefinition(
      OutputSample sample, TreeMap<OutputSample.Place, double[]> outputs) {
    double worst = 0;
    int compared = 0;
    for (SequenceKey sequence : sample.sequences()) {
      long start = sample.start(sequence);
      Tokens first = tokens(sequence, start, (int) Math.min(DENSE_TOKENS, prefixTokens));
      DenseDefinition definition = new DenseDefinition(baseline.settings(), first);
      List<Expected> expected = first.expected(baseline.settings(), request.outputType());
      for (int t = 0; t < first.count(); t++) {
        double[] actual = outputs.get(new OutputSample.Place(sequence, start + t));
        if (actual != null) {
          Expected defined = expected.get(t).around(definition.output(t));
          worst = Math.max(worst, defined.offBy(actual));
          compared++;
        }
      }
    }
    checks.add(
        Check.atMost(
            "outputs = dense definition",
            compared == 0 ? Double.NaN : worst,
            1,
            compared + " tokens, sums over index tuples"));
  }

  private void otherWays(OutputSample sample, TreeMap<OutputSample.Place, double[]> outputs) {
    TreeMap<OutputSample.Place, Expected> serial =
        phases.run(
            "again",
            "the serial recurrence",
            () ->
                SerialRecurrence.at(
                    sample, prefix, request.columns(), baseline.settings(), request.outputType()));
    againstSerial(serial, outputs);
    OtherWays others = new OtherWays(request, baseline.settings(), prefix, phases, sample, serial);
    others.compare();
    checks.addAll(others.checks());
    ways.addAll(others.ways());
  }

  private void againstSerial(
      TreeMap<OutputSample.Place, Expected> serial, TreeMap<OutputSample.Place, double[]> outputs) {
    double worst = 0;
    RelativeErrors errors = new RelativeErrors(baseline.settings());
    for (Map.Entry<OutputSample.Place, Expected> place : serial.entrySet()) {
      double[] actual = outputs.get(place.getKey());
      // An output that is not there is none.
      double off = actual == null ? Double.NaN : place.getValue().offBy(actual);
      worst = Math.max(worst, off);
      errorAtPosition.merge(place.getKey().position(), off, Math::max);
      errors.add(place.getKey().sequence(), actual, place.getValue().values());
    }
    relativeError = errors.worst();
    checks.add(
        Check.atMost(
            "outputs = serial recurrence",
            serial.isEmpty() ? Double.NaN : worst,
            1,
            String.format(
                Locale.ROOT,
                "%d tokens of the first %d, token by token in double; relative error %.1e",
                serial.size(),
                prefixTokens,
                relativeError)));
  }

  private void laws() {
    // Three neighbouring segments around the boundary of two runs, or the first ones.
    SequenceKey sequence = baseline.longestSequence();
    long middle = startOfRun(sequence, baseline.longest() / 2);
    long start = Math.max(startOfRun(sequence, 0), middle - SEGMENT * 3 / 2);
    Tokens segments = tokens(sequence, start, SEGMENT * 3);
    AttentionKernel kernel =
        Kernels.choose(request.compute().kernels(), request.compute().instructionSet());
    AttentionSettings settings = baseline.settings();
    checks.addAll(new Laws(settings.withPrecision(Precision.FLOAT64), kernel, segments).checks());
    checks.addAll(new NegativeControls(settings, kernel, segments).checks());
  }

  private void planted() {
    SequenceKey sequence = baseline.longestSequence();
    Tokens first = tokens(sequence, startOfRun(sequence, 0), Trial.size(baseline.settings()));
    boolean onExecutors = "executors".equals(baseline.figures().get("scannedOn"));
    Attention job =
        request.compute(onExecutors ? request.compute().scannedOn(true) : request.compute());
    String where = "the first tokens of " + sequence.text(baseline.sequenceType());
    checks.addAll(new PlantedErrors(spark, job, baseline.settings(), first, where).checks());
  }

  private long startOfRun(SequenceKey sequence, long rank) {
    return baseline.runsOf(sequence, rank, rank + 1).get(0).start();
  }

  private Tokens tokens(SequenceKey sequence, long start, int count) {
    return Tokens.read(tokens, request.columns(), sequence, baseline.sequenceType(), start, count);
  }
}
