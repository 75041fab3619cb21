package io.hla.spark;

import io.hla.kernels.AttentionSettings;
import io.hla.spark.attend.Attend;
import io.hla.spark.attend.AttendOptions;
import io.hla.spark.attend.AttendOptions.InputOrder;
import io.hla.spark.input.TokenColumns;
import io.hla.spark.input.TokenTable;
import io.hla.spark.report.Report;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** One attention job, from a table to its outputs. */
public record TestJob(SparkSession spark, AttentionSettings settings, AttendOptions options) {

  /** Reads as stored, scans on the driver, with the usual fan-in. */
  public static TestJob stored(SparkSession spark, AttentionSettings settings) {
    AttendOptions options =
        new AttendOptions(
            "auto",
            "auto",
            InputOrder.STORED,
            true,
            AttendOptions.DEFAULT_FAN_IN,
            AttendOptions.DEFAULT_OPEN_BYTES,
            Long.MAX_VALUE);
    return new TestJob(spark, settings, options);
  }

  public TestJob sorted() {
    return with(InputOrder.SORT, options.fanIn(), options.openBytes(), options.driverBytes());
  }

  public TestJob fanIn(int fanIn) {
    return with(options.order(), fanIn, options.openBytes(), options.driverBytes());
  }

  /** Runs end where another sequence goes on. */
  public TestJob oneOpenRun() {
    return with(options.order(), options.fanIn(), 1, options.driverBytes());
  }

  public TestJob scannedOnExecutors() {
    return with(options.order(), options.fanIn(), options.openBytes(), 0);
  }

  private TestJob with(InputOrder order, int fanIn, long openBytes, long driverBytes) {
    AttendOptions changed =
        new AttendOptions(
            options.kernels(),
            options.instructionSet(),
            order,
            true,
            fanIn,
            openBytes,
            driverBytes);
    return new TestJob(spark, settings, changed);
  }

  /** The table as the job reads it. */
  public TokenTable open(Dataset<Row> table) {
    return TokenTable.open(
        table, TokenColumns.defaults(), settings.numHeads(), settings.numKvHeads());
  }

  /** The outputs of every sequence by position, packed token after token. */
  public Map<Object, double[]> outputs(Dataset<Row> table) {
    return bySequence(run(table).outputs());
  }

  /** All passes but the last. */
  public Attend.Result run(Dataset<Row> table) {
    return run(table, report(spark));
  }

  /** The same, with the report that the job writes to. */
  public Attend.Result run(Dataset<Row> table, Report report) {
    return new Attend(spark, settings, options, report)
        .run(open(table), TokenColumns.defaults(), "o", Map.of(), false);
  }

  /** A report that prints nothing. */
  public static Report report(SparkSession spark) {
    return new Report(
        spark.sparkContext(), new PrintStream(OutputStream.nullOutputStream(), false));
  }

  /** Outputs of rows (seq, pos, o), which must have every position once; bytes as ByteBuffer. */
  public static Map<Object, double[]> bySequence(Dataset<Row> outputs) {
    Map<Object, TreeMap<Long, List<Number>>> rows = new HashMap<>();
    for (Row row : outputs.select("seq", "pos", "o").collectAsList()) {
      List<Number> before =
          rows.computeIfAbsent(key(row.get(0)), sequence -> new TreeMap<>())
              .put(row.getLong(1), row.getList(2));
      if (before != null) {
        throw new AssertionError(row.get(0) + " has two outputs at position " + row.get(1));
      }
    }
    Map<Object, double[]> all = new HashMap<>();
    rows.forEach((sequence, tokens) -> all.put(sequence, packed(sequence, tokens)));
    return all;
  }

  private static Object key(Object value) {
    return value instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : value;
  }

  private static double[] packed(Object sequence, TreeMap<Long, List<Number>> tokens) {
    if (tokens.lastKey() - tokens.firstKey() + 1 != tokens.size()) {
      throw new AssertionError(sequence + " lacks outputs, it has " + tokens.keySet());
    }
    return tokens.values().stream()
        .flatMap(List::stream)
        .mapToDouble(Number::doubleValue)
        .toArray();
  }
}
