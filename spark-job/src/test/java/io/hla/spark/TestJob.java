package io.hla.spark;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Element;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** One attention job, from a table to its outputs. */
public record TestJob(SparkSession spark, Attention request) {

  /** Reads as stored, scans on the driver, with the usual fan-in. */
  public static TestJob stored(SparkSession spark, AttentionSettings settings) {
    TestJob job = new TestJob(spark, request(settings).inputOrder(InputOrder.STORED));
    return job.with(job.compute().scannedOn(false));
  }

  /** The request for these settings; head sizes are left to the table. float64 gives doubles. */
  public static Attention request(AttentionSettings settings) {
    return Attention.of(settings.operator())
        .mask(settings.mask())
        .form(settings.form())
        .numHeads(settings.numHeads())
        .numKvHeads(settings.numKvHeads())
        .decay(settings.decay().stream().mapToDouble(Double::doubleValue).toArray())
        .ridge(settings.ridge())
        .normalize(settings.normalize())
        .epsilon(settings.epsilon())
        .scale(settings.scale())
        .featureMap(settings.featureMap())
        .precision(settings.precision())
        .outputType(settings.precision().isDouble() ? Element.DOUBLE : Element.FLOAT)
        .gate(settings.gated() ? "g" : null);
  }

  public TestJob sorted() {
    return with(compute().withOrder(InputOrder.SORT));
  }

  public TestJob fanIn(int fanIn) {
    return with(compute().withFanIn(fanIn));
  }

  /** Runs end where another sequence goes on. */
  public TestJob oneOpenRun() {
    return with(compute().withOpenBytes(1));
  }

  public TestJob scannedOnExecutors() {
    return with(compute().scannedOn(true));
  }

  /** How it computes. */
  public ComputeSettings compute() {
    return request.compute();
  }

  private TestJob with(ComputeSettings changed) {
    return new TestJob(spark, request.compute(changed));
  }

  /** The outputs of every sequence by position, packed token after token. */
  public Map<Object, double[]> outputs(Dataset<Row> table) {
    return bySequence(run(table).outputs());
  }

  /** All passes but the last. */
  public Attention.Result run(Dataset<Row> table) {
    return request.run(table);
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
