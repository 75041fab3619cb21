package io.hla.spark.validate;

import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Form;
import io.hla.kernels.Kernels;
import io.hla.kernels.Operator;
import io.hla.kernels.Precision;
import io.hla.spark.Attention;
import io.hla.spark.InputException;
import io.hla.spark.attend.Phases;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
   * @param errorAtPosition largest error against the serial recurrence by position
   * @param tolerance the limit of that error
   * @param ways how the job was run again, and what that took
   * @param fanIn children of a node of the tree of the longest sequence
   */
  public record Verdict(
      AttentionSettings settings,
      List<Check> checks,
      Counts table,
      Map<Long, Double> errorAtPosition,
      double tolerance,
      List<Way> ways,
      int fanIn) {
    public boolean holds() {
      return checks.stream().allMatch(Check::passed);
    }
  }

  /**
   * Largest error that outputs may have, relative to the largest.
   *
   * <p>hla3 published takes the triples whose largest index is unique away from all triples, n^3 of
   * them, and is left with some n^2: it loses a factor of n, so its limit grows with the length
   * (measured at 20,000 tokens of one sign: 3e-11 in double, a limit of 2e-9; 1.4e-2 in float, a
   * limit of 0.2). hla2 published takes away about half of its pairs, which costs a bit and no
   * more. Mixed precision computes both in double, so what remains of the float tokens and outputs
   * is the limit of the exact form, until double has lost more.
   */
  public static double tolerance(AttentionSettings settings, long tokens) {
    boolean cancels = settings.form() == Form.PUBLISHED && settings.operator() == Operator.HLA3;
    double loss = cancels ? Math.max(1, tokens / 100.0) : 1;
    return switch (settings.precision()) {
      case FLOAT64 -> 1e-11 * loss;
      case MIXED -> Math.max(1e-5, 1e-11 * loss);
      case FLOAT32 -> 1e-3 * loss;
    };
  }

  private double tolerance() {
    return tolerance(baseline.settings(), Math.min(prefixTokens, baseline.tokens()));
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
        tolerance(),
        ways,
        request.compute().fanIn());
  }

  private void againstDefinition(
      OutputSample sample, TreeMap<OutputSample.Place, double[]> outputs) {
    Errors errors = new Errors();
    int compared = 0;
    for (SequenceKey sequence : sample.sequences()) {
      long start = sample.start(sequence);
      Tokens first = tokens(sequence, start, (int) Math.min(DENSE_TOKENS, prefixTokens));
      DenseDefinition definition = new DenseDefinition(baseline.settings(), first);
      for (int t = 0; t < first.count(); t++) {
        double[] actual = outputs.get(new OutputSample.Place(sequence, start + t));
        errors.add(actual, definition.output(t));
        compared++;
      }
    }
    checks.add(
        Check.atMost(
            "outputs = dense definition",
            errors.relative(),
            tolerance(),
            compared + " tokens, sums over index tuples"));
  }

  private void otherWays(OutputSample sample, TreeMap<OutputSample.Place, double[]> outputs) {
    OtherWays others =
        new OtherWays(request, baseline.settings(), prefix, phases, sample, outputs, tolerance());
    againstSerial(others.serial(), outputs);
    others.compare();
    checks.addAll(others.checks());
    ways.addAll(others.ways());
  }

  private void againstSerial(
      TreeMap<OutputSample.Place, double[]> serial, TreeMap<OutputSample.Place, double[]> outputs) {
    Errors errors = new Errors();
    serial.forEach(
        (place, expected) -> {
          double[] actual = outputs.get(place);
          errors.add(actual, expected);
          Errors here = new Errors();
          here.add(actual, expected);
          errorAtPosition.merge(place.position(), here.relative(), Math::max);
        });
    checks.add(
        Check.atMost(
            "outputs = serial recurrence",
            serial.isEmpty() ? Double.NaN : errors.relative(),
            tolerance(),
            serial.size() + " tokens of the first " + prefixTokens + ", token by token in double"));
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

  private long startOfRun(SequenceKey sequence, long rank) {
    return baseline.runsOf(sequence, rank, rank + 1).get(0).start();
  }

  private Tokens tokens(SequenceKey sequence, long start, int count) {
    return Tokens.read(tokens, request.columns(), sequence, baseline.sequenceType(), start, count);
  }
}
