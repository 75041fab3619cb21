package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Element;
import io.hla.kernels.Recomputation;
import io.hla.kernels.Summarizer;
import io.hla.spark.GateScale;
import io.hla.spark.passes.Expected;
import io.hla.spark.table.Columns;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenColumns;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;

/**
 * Consecutive tokens of one sequence in the driver's memory: q [n][H d], k [n][Hkv d], v [n][Hkv
 * dv], packed.
 *
 * @param g gates, [n][H]; null for tokens without
 */
record Tokens(int count, double[] q, double[] k, double[] v, double[] g) {

  /**
   * Reads consecutive tokens of a table, at most {@code count}.
   *
   * @param type type of the sequence column, or null when there is none
   */
  static Tokens read(
      Dataset<Row> table,
      TokenColumns columns,
      SequenceKey sequence,
      DataType type,
      long start,
      int count) {
    Column position = Columns.named(columns.position());
    Dataset<Row> rows = table.where(position.between(start, start + count - 1));
    if (type != null) {
      rows = rows.where(Columns.named(columns.sequence()).equalTo(sequence.external(type)));
    }
    List<Row> found =
        rows.orderBy(position)
            .select(columns.numbers().stream().map(Columns::named).toArray(Column[]::new))
            .collectAsList();
    return new Tokens(
        found.size(),
        packed(found, 0),
        packed(found, 1),
        packed(found, 2),
        columns.gate() == null ? null : gates(packed(found, 3), columns.gateScale()));
  }

  static double[] gates(double[] numbers, GateScale scale) {
    return Arrays.stream(numbers).map(scale::gate).toArray();
  }

  /** The numbers of an array, rounded to float unless a job takes doubles. */
  static double[] numbers(List<Number> array, boolean isDouble) {
    double[] numbers = new double[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = isDouble ? array.get(i).doubleValue() : array.get(i).floatValue();
    }
    return numbers;
  }

  static void write(double[] numbers, DataOutput out) throws IOException {
    for (double number : numbers) {
      out.writeDouble(number);
    }
  }

  static double[] read(DataInput in, int count) throws IOException {
    double[] numbers = new double[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = in.readDouble();
    }
    return numbers;
  }

  private static double[] packed(List<Row> rows, int column) {
    return rows.stream()
        .flatMap(row -> row.<Number>getList(column).stream())
        .mapToDouble(Number::doubleValue)
        .toArray();
  }

  /** Tokens of numbers between -2 and 2. */
  static Tokens random(AttentionSettings settings, int count, long seed) {
    Random random = new Random(seed);
    return new Tokens(
        count,
        random.doubles(count * (long) settings.queryWidth(), -2, 2).toArray(),
        random.doubles(count * (long) settings.keyWidth(), -2, 2).toArray(),
        random.doubles(count * (long) settings.valueWidth(), -2, 2).toArray(),
        settings.gated()
            ? random.doubles(count * (long) settings.gateWidth(), 0.5, 1).toArray()
            : null);
  }

  /** Tokens {@code from} to {@code to - 1}, without gates if the settings are. */
  Tokens slice(AttentionSettings settings, int from, int to) {
    return new Tokens(
        to - from,
        Arrays.copyOfRange(q, from * settings.queryWidth(), to * settings.queryWidth()),
        Arrays.copyOfRange(k, from * settings.keyWidth(), to * settings.keyWidth()),
        Arrays.copyOfRange(v, from * settings.valueWidth(), to * settings.valueWidth()),
        settings.gated()
            ? Arrays.copyOfRange(g, from * settings.gateWidth(), to * settings.gateWidth())
            : null);
  }

  /** The same with q, k and v as a job of a precision takes them. */
  Tokens rounded(Precision precision) {
    return precision.isDouble() ? this : new Tokens(count, round(q), round(k), round(v), g);
  }

  private static double[] round(double[] numbers) {
    return Arrays.stream(numbers).map(number -> (float) number).toArray();
  }

  /** Gives token {@code t} to a stream. */
  void feed(Recomputation stream, AttentionSettings settings, int t) {
    Tokens token = slice(settings, t, t + 1);
    stream.next(token.q, token.k, token.v, token.g);
  }

  /** What the outputs of these tokens must be, the first of a sequence. */
  List<Expected> expected(AttentionSettings settings, Element output) {
    Recomputation stream = new Recomputation(State.initial(settings));
    List<Expected> expected = new ArrayList<>();
    for (int t = 0; t < count; t++) {
      feed(stream, settings, t);
      expected.add(Expected.of(stream, settings, output));
    }
    return expected;
  }

  Summary summary(AttentionKernel kernel, int step, State inFront) {
    try (Summarizer summarizer = kernel.summarizer(step, inFront)) {
      boolean isDouble = inFront.settings().precision().isDouble();
      if (isDouble && g == null) {
        summarizer.add(q, k, v, 0, count);
      } else if (isDouble) {
        summarizer.add(q, k, v, g, 0, count);
      } else if (g == null) {
        summarizer.add(floats(q), floats(k), floats(v), 0, count);
      } else {
        summarizer.add(floats(q), floats(k), floats(v), g, 0, count);
      }
      return summarizer.summary();
    }
  }

  /** The state behind the last token, as the stream leaves it. */
  State stateBehind(AttentionKernel kernel, State inFront) {
    AttentionSettings settings = inFront.settings();
    int size = count * settings.outputWidth();
    try (Applier applier = kernel.applier(inFront)) {
      boolean isDouble = settings.precision().isDouble();
      if (isDouble && g == null) {
        applier.apply(q, k, v, new double[size], 0, count);
      } else if (isDouble) {
        applier.apply(q, k, v, g, new double[size], 0, count);
      } else if (g == null) {
        applier.apply(floats(q), floats(k), floats(v), new float[size], 0, count);
      } else {
        applier.apply(floats(q), floats(k), floats(v), g, new float[size], 0, count);
      }
      return applier.state();
    }
  }

  private static float[] floats(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }
}
