package io.hla.spark.validate;

import static org.apache.spark.sql.functions.col;

import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Form;
import io.hla.kernels.Kernels;
import io.hla.kernels.Operator;
import io.hla.kernels.Precision;
import io.hla.spark.attend.Attend;
import io.hla.spark.attend.AttendOptions;
import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import io.hla.spark.input.TokenColumns;
import io.hla.spark.input.TokenTable;
import io.hla.spark.report.Report;
import io.hla.spark.scan.RunTable;
import java.io.OutputStream;
import java.io.PrintStream;
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
  private final TokenTable table;
  private final TokenTable prefix;
  private final TokenColumns columns;
  private final AttentionSettings settings;
  private final AttendOptions options;
  private final Report report;
  private final long prefixTokens;
  private final List<Check> checks = new ArrayList<>();
  private final List<Way> ways = new ArrayList<>();
  private final Map<Long, Double> errorAtPosition = new TreeMap<>();
  private RunTable runs;

  /**
   * @param table the tokens
   * @param prefix the same tokens up to {@code prefixTokens} behind the first position of the
   *     table; other ways to run the job are tried on these
   */
  public Validator(
      SparkSession spark,
      TokenTable table,
      TokenTable prefix,
      long prefixTokens,
      TokenColumns columns,
      AttentionSettings settings,
      AttendOptions options,
      Report report) {
    this.spark = spark;
    this.table = table;
    this.prefix = prefix;
    this.prefixTokens = prefixTokens;
    this.columns = columns;
    this.settings = settings;
    this.options = options;
    this.report = report;
  }

  /**
   * The verdict.
   *
   * @param checks all lines, proofs and controls
   * @param runs the runs of the table
   * @param errorAtPosition largest error against the serial recurrence by position
   * @param tolerance the limit of that error
   * @param ways how the job was run again, and what that took
   * @param fanIn children of a node of the tree of {@code runs}
   */
  public record Verdict(
      List<Check> checks,
      RunTable runs,
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
    return tolerance(settings, Math.min(prefixTokens, runs.tokens()));
  }

  /** Runs everything. */
  public Verdict run() {
    Attend.Result baseline =
        new Attend(spark, settings, options, report).run(table, columns, "o", Map.of(), false);
    runs = baseline.runs();
    if (runs.tokens() == 0) {
      throw new io.hla.spark.InputException("HLA_INPUT_EMPTY", "there is no token to validate");
    }
    OutputSample sample = OutputSample.of(runs, prefixTokens, SEED);
    TreeMap<OutputSample.Place, double[]> outputs =
        report.phase(
            "attend",
            "computing all outputs, keeping " + sample.size(),
            () -> sample.collect(baseline.outputs()));
    report.phase("definition", "sums over index tuples", () -> againstDefinition(outputs));
    otherWays(sample, outputs);
    report.phase("laws", "segments of neighbouring tokens", this::laws);
    report.phase(
        "bracketings",
        "summaries of neighbouring runs",
        () -> checks.addAll(new NeighbouringRuns(baseline).checks()));
    report.phase(
        "integers",
        "exact streams",
        () -> checks.add(new IntegerStreams(spark, settings, options).check(quiet())));
    return new Verdict(
        List.copyOf(checks), runs, errorAtPosition, tolerance(), ways, options.fanIn());
  }

  private void againstDefinition(TreeMap<OutputSample.Place, double[]> outputs) {
    Errors errors = new Errors();
    int compared = 0;
    for (SequenceKey sequence :
        outputs.keySet().stream().map(OutputSample.Place::sequence).distinct().toList()) {
      long start = runs.bySequence().get(sequence).get(0).start();
      Tokens tokens = tokens(sequence, start, DENSE_TOKENS);
      DenseDefinition definition = new DenseDefinition(settings, tokens);
      for (int t = 0; t < tokens.count(); t++) {
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
        new OtherWays(
            spark, prefix, columns, settings, options, report, sample, outputs, tolerance());
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
    List<Run> longest = runs.longest();
    Run middle = longest.get(longest.size() / 2);
    long start = Math.max(longest.get(0).start(), middle.start() - SEGMENT * 3 / 2);
    Tokens tokens = tokens(middle.sequence(), start, SEGMENT * 3);
    AttentionKernel kernel = Kernels.choose(options.kernels(), options.instructionSet());
    checks.addAll(new Laws(settings.withPrecision(Precision.FLOAT64), kernel, tokens).checks());
    checks.addAll(new NegativeControls(settings, kernel, tokens).checks());
  }

  private Tokens tokens(SequenceKey sequence, long start, int count) {
    Dataset<Row> rows =
        table.tokens().where(col("pos").between(start, start + count - 1)).orderBy("pos");
    if (table.layout().sequenceType() != null) {
      rows = rows.where(col("seq").equalTo(sequence.external(table.layout().sequenceType())));
    }
    List<Row> found = rows.select("q", "k", "v").collectAsList();
    return new Tokens(found.size(), packed(found, 0), packed(found, 1), packed(found, 2));
  }

  private static double[] packed(List<Row> rows, int column) {
    return rows.stream()
        .flatMap(row -> row.<Number>getList(column).stream())
        .mapToDouble(Number::doubleValue)
        .toArray();
  }

  private Report quiet() {
    return new Report(spark.sparkContext(), new PrintStream(OutputStream.nullOutputStream()));
  }
}
