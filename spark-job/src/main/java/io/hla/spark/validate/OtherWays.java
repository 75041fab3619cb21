package io.hla.spark.validate;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Precision;
import io.hla.kernels.State;
import io.hla.kernels.Summary;
import io.hla.spark.attend.Attend;
import io.hla.spark.attend.AttendOptions;
import io.hla.spark.attend.AttendOptions.InputOrder;
import io.hla.spark.input.TokenColumns;
import io.hla.spark.input.TokenTable;
import io.hla.spark.report.Report;
import io.hla.spark.validate.Way.Kind;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.SparkSession;

/**
 * The same job run in other ways: as one serial recurrence, with other fan-ins, partitions and run
 * boundaries, and with the scan on executors. All must give the sampled outputs.
 */
final class OtherWays {
  private static final int CUTS = 4;
  private static final int TREE_RUNS = 64;
  private static final long MOST_RUNS = 1000;
  private static final long MOST_BYTES = 64L << 20;

  private final SparkSession spark;
  private final TokenTable table;
  private final TokenColumns columns;
  private final AttentionSettings settings;
  private final AttendOptions options;
  private final Report report;
  private final OutputSample sample;
  private final TreeMap<OutputSample.Place, double[]> expected;
  private final double tolerance;
  private final List<Check> checks = new ArrayList<>();
  private final List<Way> ways = new ArrayList<>();

  /**
   * @param table the tokens up to some position
   * @param expected outputs of the job as {@code attend} runs it, at the places of {@code sample}
   */
  OtherWays(
      SparkSession spark,
      TokenTable table,
      TokenColumns columns,
      AttentionSettings settings,
      AttendOptions options,
      Report report,
      OutputSample sample,
      TreeMap<OutputSample.Place, double[]> expected,
      double tolerance) {
    this.spark = spark;
    this.table = table;
    this.columns = columns;
    this.settings = settings;
    this.options = options;
    this.report = report;
    this.sample = sample;
    this.expected = expected;
    this.tolerance = tolerance;
  }

  List<Check> checks() {
    return checks;
  }

  /** What each way took, in the order in which they ran. */
  List<Way> ways() {
    return ways;
  }

  /** The outputs of the serial recurrence, token by token in double. */
  TreeMap<OutputSample.Place, double[]> serial() {
    AttentionSettings exact = settings.withPrecision(Precision.FLOAT64);
    return run(
        Kind.SERIAL,
        "the serial recurrence",
        exact,
        table.inOnePartition(),
        with("recurrent", options.fanIn(), false));
  }

  /** Runs all other ways and compares them. */
  void compare() {
    AttendOptions usual = with(options.kernels(), options.fanIn(), false);
    same(Kind.STORED, "runs as stored", table, usual);
    Way first = ways.get(ways.size() - 1);
    // Trees of one run have nothing to combine.
    TokenTable split =
        first.runs() >= TREE_RUNS ? table : table.cutEvery(Math.max(1, first.tokens() / TREE_RUNS));
    for (int fanIn : new int[] {2, 5}) {
      same(Kind.FAN_IN, "fan-in " + fanIn, split, with(options.kernels(), fanIn, false));
    }
    if (first.partitions() > 1) {
      int fewer = first.partitions() / 2;
      same(Kind.COALESCED, fewer + " partitions", table.coalesced(fewer), usual);
    }
    int more = first.partitions() + 3;
    same(
        Kind.SORTED,
        String.format("%d sorted partitions, cut every %d", more, TokenTable.SORTED_CHUNK),
        table.sorted(more),
        usual);
    for (long length : runLengths(first.tokens(), first.runs())) {
      same(Kind.CUT, "runs cut every " + length, table.cutEvery(length), usual);
    }
    TreeMap<OutputSample.Place, double[]> onDriver =
        same(Kind.DRIVER, "scan on the driver", split, usual);
    TreeMap<OutputSample.Place, double[]> onExecutors =
        run(
            Kind.EXECUTORS,
            "scan on executors",
            settings,
            split,
            with(options.kernels(), options.fanIn(), true));
    checks.add(
        Check.atMost(
            "same bits when executors scan",
            difference(onDriver, onExecutors),
            0,
            "the tree on the driver and on executors"));
  }

  /** Run lengths, longest first, that cut a table into more and more runs than it is stored in. */
  private List<Long> runLengths(long tokens, long runs) {
    long bytes = Summary.sizeInBytes(settings, 0) + State.initial(settings).sizeInBytes();
    long most = Math.min(Math.min(MOST_RUNS, MOST_BYTES / bytes), tokens / 2);
    List<Long> lengths = new ArrayList<>();
    for (int i = 1; i <= CUTS && most > runs; i++) {
      double wanted = runs * Math.pow((double) most / runs, (double) i / CUTS);
      lengths.add(Math.max(1, Math.round(tokens / wanted)));
    }
    return lengths.stream().distinct().toList();
  }

  private TreeMap<OutputSample.Place, double[]> same(
      Kind kind, String name, TokenTable tokens, AttendOptions with) {
    TreeMap<OutputSample.Place, double[]> outputs = run(kind, name, settings, tokens, with);
    Way way = ways.get(ways.size() - 1);
    checks.add(
        Check.atMost(
            "same outputs with " + name,
            difference(expected, outputs),
            tolerance,
            String.format(
                "%,d runs in %,d partitions, fan-in %d",
                way.runs(), way.partitions(), way.fanIn())));
    return outputs;
  }

  private TreeMap<OutputSample.Place, double[]> run(
      Kind kind, String name, AttentionSettings as, TokenTable tokens, AttendOptions with) {
    return report.phase("again", name, () -> timed(kind, name, as, tokens, with));
  }

  private TreeMap<OutputSample.Place, double[]> timed(
      Kind kind, String name, AttentionSettings as, TokenTable tokens, AttendOptions with) {
    Report figures =
        new Report(spark.sparkContext(), new PrintStream(OutputStream.nullOutputStream()));
    long start = System.nanoTime();
    Attend.Result result =
        new Attend(spark, as, with, figures).run(tokens, columns, "o", Map.of(), false);
    TreeMap<OutputSample.Place, double[]> outputs = sample.collect(result.outputs());
    ways.add(
        new Way(
            kind,
            name,
            result.runs().tokens(),
            result.runs().runs(),
            (int) figures.figure("partitions"),
            with.fanIn(),
            (System.nanoTime() - start) / 1e9,
            (long) figures.figure("summaryBytesMoved") + (long) figures.figure("stateBytesMoved")));
    return outputs;
  }

  private AttendOptions with(String kernels, int fanIn, boolean onExecutors) {
    return new AttendOptions(
        kernels,
        options.instructionSet(),
        InputOrder.STORED,
        options.refuseNonFinite(),
        fanIn,
        options.openBytes(),
        onExecutors ? 0 : Long.MAX_VALUE);
  }

  private static double difference(
      TreeMap<OutputSample.Place, double[]> expected,
      TreeMap<OutputSample.Place, double[]> actual) {
    Errors errors = new Errors();
    actual.forEach((place, values) -> errors.add(values, expected.get(place)));
    return actual.isEmpty() ? Double.NaN : errors.relative();
  }
}
