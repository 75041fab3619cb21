package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.spark.Attention;
import io.hla.spark.ComputeSettings;
import io.hla.spark.Figure;
import io.hla.spark.InputOrder;
import io.hla.spark.JobObserver;
import io.hla.spark.attend.Phases;
import io.hla.spark.attend.SortedTokens;
import io.hla.spark.passes.Expected;
import io.hla.spark.table.Columns;
import io.hla.spark.validate.Way.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The same job run in other ways: with other fan-ins, partitions and run boundaries, and with the
 * scan on executors. All must give what the serial recurrence gives at the sampled positions.
 */
final class OtherWays {
  private static final int CUTS = 4;
  private static final int TREE_RUNS = 64;
  private static final long MOST_RUNS = 1000;
  private static final long MOST_BYTES = 64L << 20;

  private final Attention request;
  private final AttentionSettings settings;
  private final Dataset<Row> tokens;
  private final Phases phases;
  private final OutputSample sample;
  private final TreeMap<OutputSample.Place, Expected> expected;
  private final List<Check> checks = new ArrayList<>();
  private final List<Way> ways = new ArrayList<>();

  /**
   * @param tokens the tokens up to some position
   * @param expected outputs of the serial recurrence, at the places of {@code sample}
   */
  OtherWays(
      Attention request,
      AttentionSettings settings,
      Dataset<Row> tokens,
      Phases phases,
      OutputSample sample,
      TreeMap<OutputSample.Place, Expected> expected) {
    this.request = request.inputOrder(InputOrder.STORED).observer(JobObserver.NONE);
    this.settings = settings;
    this.tokens = tokens;
    this.phases = phases;
    this.sample = sample;
    this.expected = expected;
  }

  List<Check> checks() {
    return checks;
  }

  /** What each way took, in the order in which they ran. */
  List<Way> ways() {
    return ways;
  }

  /** Runs all other ways and compares them. */
  void compare() {
    same(Kind.STORED, "runs as stored", request, tokens);
    Way first = ways.get(ways.size() - 1);
    // Trees of one run have nothing to combine.
    Attention split =
        first.runs() >= TREE_RUNS
            ? request
            : request.cutEvery(Math.max(1, first.tokens() / TREE_RUNS));
    for (int fanIn : new int[] {2, 5}) {
      same(Kind.FAN_IN, "fan-in " + fanIn, split.fanIn(fanIn), tokens);
    }
    if (first.partitions() > 1) {
      int fewer = first.partitions() / 2;
      same(Kind.COALESCED, fewer + " partitions", request, tokens.coalesce(fewer));
    }
    same(
        Kind.SORTED,
        "sorted, cut every " + SortedTokens.CHUNK,
        request.inputOrder(InputOrder.SORT),
        tokens);
    for (long length : runLengths(first.tokens(), first.runs())) {
      same(Kind.CUT, "runs cut every " + length, request.cutEvery(length), tokens);
    }
    bothScans(split, first.runs() > mostOnDriver() ? few(split) : tokens);
  }

  /** Runs whose summaries and states the driver has room for. */
  private long mostOnDriver() {
    long each = State.bytesInMemory(settings);
    for (int step = 0; step < Summary.steps(settings); step++) {
      each += Summary.bytesInMemory(settings, step);
    }
    ComputeSettings compute = request.compute();
    return Math.max(2, Math.min(compute.driverRuns(), compute.driverBytes() / each));
  }

  /** The first tokens of some sequences, in about as many runs as the driver has room for. */
  private Dataset<Row> few(Attention split) {
    Dataset<Row> some = sample.of(tokens, request.columns());
    Attention.Result found = scannedOn(split, true).run(some);
    double share = (double) mostOnDriver() / found.runs();
    if (share >= 1) {
      return some;
    }
    long start = expected.keySet().stream().mapToLong(OutputSample.Place::position).min().orElse(0);
    long length = found.tokens() / found.sequences();
    Column position = Columns.named(request.columns().position());
    return some.where(position.lt(start + Math.max(1, (long) (share * length))));
  }

  private void bothScans(Attention split, Dataset<Row> some) {
    TreeMap<OutputSample.Place, double[]> onDriver =
        same(Kind.DRIVER, "scan on the driver", scannedOn(split, false), some);
    TreeMap<OutputSample.Place, double[]> onExecutors =
        run(Kind.EXECUTORS, "scan on executors", scannedOn(split, true), some);
    checks.add(
        Check.atMost(
            "same bits when executors scan",
            difference(onDriver, onExecutors),
            0,
            "the tree on the driver and on executors"));
  }

  private static Attention scannedOn(Attention job, boolean executors) {
    return job.compute(job.compute().scannedOn(executors));
  }

  /** Run lengths, longest first, that cut a table into more and more runs than it is stored in. */
  private List<Long> runLengths(long count, long runs) {
    long bytes = ComputeSettings.summaryBytes(settings) + State.initial(settings).sizeInBytes();
    long most = Math.min(Math.min(MOST_RUNS, MOST_BYTES / bytes), count / 2);
    List<Long> lengths = new ArrayList<>();
    for (int i = 1; i <= CUTS && most > runs; i++) {
      double wanted = runs * Math.pow((double) most / runs, (double) i / CUTS);
      lengths.add(Math.max(1, Math.round(count / wanted)));
    }
    return lengths.stream().distinct().toList();
  }

  private TreeMap<OutputSample.Place, double[]> same(
      Kind kind, String name, Attention job, Dataset<Row> table) {
    TreeMap<OutputSample.Place, double[]> outputs = run(kind, name, job, table);
    Way way = ways.get(ways.size() - 1);
    checks.add(
        Check.atMost(
            "same outputs with " + name,
            offBy(outputs),
            1,
            String.format(
                Locale.ROOT,
                "%,d runs in %,d partitions, fan-in %d",
                way.runs(),
                way.partitions(),
                way.fanIn())));
    return outputs;
  }

  private TreeMap<OutputSample.Place, double[]> run(
      Kind kind, String name, Attention job, Dataset<Row> table) {
    return phases.run("again", name, () -> timed(kind, name, job, table));
  }

  private TreeMap<OutputSample.Place, double[]> timed(
      Kind kind, String name, Attention job, Dataset<Row> table) {
    long start = System.nanoTime();
    Attention.Result result = job.run(table);
    TreeMap<OutputSample.Place, double[]> outputs = sample.collect(result.outputs());
    ways.add(
        new Way(
            kind,
            name,
            result.tokens(),
            result.runs(),
            result.partitions(),
            job.compute().fanIn(),
            (System.nanoTime() - start) / 1e9,
            bytes(result, Figure.SUMMARY_BYTES_MOVED) + bytes(result, Figure.STATE_BYTES_MOVED)));
    return outputs;
  }

  private static long bytes(Attention.Result result, Figure figure) {
    return ((Number) result.figures().get(figure)).longValue();
  }

  private double offBy(TreeMap<OutputSample.Place, double[]> outputs) {
    double worst = outputs.isEmpty() ? Double.NaN : 0;
    for (Map.Entry<OutputSample.Place, double[]> output : outputs.entrySet()) {
      Expected there = expected.get(output.getKey());
      worst = Math.max(worst, there == null ? Double.NaN : there.offBy(output.getValue()));
    }
    return worst;
  }

  private static double difference(
      TreeMap<OutputSample.Place, double[]> expected,
      TreeMap<OutputSample.Place, double[]> actual) {
    Errors errors = new Errors();
    actual.forEach((place, values) -> errors.add(values, expected.get(place)));
    return actual.isEmpty() ? Double.NaN : errors.relative();
  }
}
