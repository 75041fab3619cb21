package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.kernels.Recomputation;
import io.hla.spark.Attention;
import io.hla.spark.GateScale;
import io.hla.spark.InputOrder;
import io.hla.spark.JobObserver;
import io.hla.spark.attend.JobParts;
import io.hla.spark.passes.Expected;
import io.hla.spark.shuffle.BroadcastParts;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.table.TokenColumns;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Some tokens of one sequence as a small job: several runs, of which no two in one partition follow
 * one another, and a tree of several levels over them.
 */
final class Trial {
  private static final int RUNS = 12;
  private static final int PARTITIONS = 4;
  private static final int FAN_IN = 3;

  /** Fewer runs than these have no summaries of two runs that anything needs. */
  private static final int FEWEST_RUNS = 2 * FAN_IN;

  private static final int MOST_TOKENS = 40 * RUNS;
  private static final int FEWEST_TOKENS = 4 * RUNS;

  /** Numbers that all tokens together may add to a state. */
  private static final long MOST_NUMBERS = 1 << 25;

  private final SparkSession spark;
  private final AttentionSettings settings;
  private final Attention request;
  private final Tokens tokens;
  private final String where;
  private final int runs;

  /**
   * @param request whose settings, with the sizes of heads, are {@code settings}
   * @param tokens at least {@link #isEnough}
   * @param where these tokens are, for people
   */
  Trial(
      SparkSession spark,
      Attention request,
      AttentionSettings settings,
      Tokens tokens,
      String where) {
    this.spark = spark;
    this.settings = settings;
    this.tokens = tokens.rounded(settings.precision());
    this.where = where;
    runs = Math.min(RUNS, tokens.count());
    this.request =
        request
            .headDim(settings.headDim())
            .valueDim(settings.valueDim())
            .columns(TokenColumns.defaults().gated(settings.gated() ? "g" : null, GateScale.LINEAR))
            .inputOrder(InputOrder.STORED)
            .cutEvery(0)
            // Sums that overflow are to be noticed by the proof.
            .refuseNonFinite(false)
            .fanIn(Math.min(FAN_IN, request.compute().fanIn()))
            .observer(JobObserver.NONE)
            .withPrefixes();
  }

  /** How many tokens a trial takes: fewer where states are large. */
  static int size(AttentionSettings settings) {
    long most = MOST_NUMBERS / Math.max(1, State.bytesInMemory(settings) / Double.BYTES);
    return (int) Math.max(FEWEST_TOKENS, Math.min(MOST_TOKENS, most));
  }

  /** Whether so many tokens make a tree of several levels. */
  static boolean isEnough(int tokens) {
    return tokens >= FEWEST_RUNS;
  }

  AttentionSettings settings() {
    return settings;
  }

  Attention request() {
    return request;
  }

  Tokens tokens() {
    return tokens;
  }

  /** Which tokens these are, in how many runs. */
  String where() {
    return String.format(Locale.ROOT, "%s, %d tokens in %d runs", where, tokens.count(), runs);
  }

  /** A run with others in front of it and behind it, of which more than one have a summary. */
  int middleRun() {
    return runs / 2;
  }

  /** The first position of a run. */
  int start(int run) {
    return run * tokens.count() / runs;
  }

  /** Runs the job, all passes but the last. */
  Attention.Result run(JobParts parts) {
    return request.run(table(), parts);
  }

  private Dataset<Row> table() {
    DataType array = DataTypes.createArrayType(DataTypes.DoubleType, false);
    StructType schema = new StructType().add("pos", DataTypes.LongType, false);
    for (String column : request.columns().numbers()) {
      schema = schema.add(column, array, false);
    }
    List<List<byte[]>> parts = new ArrayList<>();
    for (int part = 0; part < PARTITIONS; part++) {
      parts.add(new ArrayList<>());
    }
    for (int run = 0; run < runs; run++) {
      for (int t = start(run); t < start(run + 1); t++) {
        parts.get(run % PARTITIONS).add(packed(t));
      }
    }
    AttentionSettings sizes = settings;
    JavaRDD<Row> rows =
        BroadcastParts.of(JavaSparkContext.fromSparkContext(spark.sparkContext()), parts)
            .map(token -> row(token, sizes));
    return spark.createDataFrame(rows, schema);
  }

  private byte[] packed(int t) {
    Tokens token = tokens.slice(settings, t, t + 1);
    return Packing.pack(
        out -> {
          out.writeLong(t);
          Tokens.write(token.q(), out);
          Tokens.write(token.k(), out);
          Tokens.write(token.v(), out);
          if (token.g() != null) {
            Tokens.write(token.g(), out);
          }
        });
  }

  private static Row row(byte[] token, AttentionSettings sizes) {
    return Packing.unpack(
        token,
        in -> {
          List<Object> values = new ArrayList<>(List.of(in.readLong()));
          values.add(Tokens.read(in, sizes.queryWidth()));
          values.add(Tokens.read(in, sizes.keyWidth()));
          values.add(Tokens.read(in, sizes.valueWidth()));
          if (sizes.gated()) {
            values.add(Tokens.read(in, sizes.gateWidth()));
          }
          return RowFactory.create(values.toArray());
        });
  }

  /** The states in front of all runs that something stands in front of, by position. */
  static Map<Long, State> states(Attention.Result job) {
    Map<Long, State> states = new HashMap<>();
    for (Row row : job.prefixes().select("next_pos", "state").collectAsList()) {
      if (!row.isNullAt(1)) {
        states.put(row.getLong(0), State.fromBytes(row.getAs(1)));
      }
    }
    return states;
  }

  /**
   * How far the states and outputs of a job are from the recurrence from the first token on, in
   * shares of what rounding allows: a judgement that has nothing in common with {@link Induction}.
   */
  double offBy(Attention.Result job) {
    Map<Long, State> states = states(job);
    Map<Long, List<Number>> outputs = new HashMap<>();
    job.outputs()
        .collectAsList()
        .forEach(row -> outputs.put(row.getLong(0), row.<Number>getList(1)));
    Recomputation stream = new Recomputation(State.initial(settings));
    double worst = 0;
    for (int t = 0; t < tokens.count(); t++) {
      State state = states.get((long) t);
      if (state != null) {
        worst = Math.max(worst, Recomputation.offBy(state, stream.state(), stream.allowedState()));
      }
      tokens.feed(stream, settings, t);
      double[] actual =
          outputs.getOrDefault((long) t, List.of()).stream()
              .mapToDouble(Number::doubleValue)
              .toArray();
      worst = Math.max(worst, Expected.of(stream, settings, request.outputType()).offBy(actual));
    }
    return worst;
  }
}
