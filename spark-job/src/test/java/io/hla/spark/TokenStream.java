package io.hla.spark;

import io.hla.kernels.Applier;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Kernels;
import io.hla.kernels.State;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The tokens of one sequence, and what one machine computes for them from the first on. */
public record TokenStream(AttentionSettings settings, double[] q, double[] k, double[] v) {
  /** (seq, pos, q, k, v) with a text sequence and doubles. */
  public static final StructType SCHEMA = schema(DataTypes.StringType);

  /** The same with sequences of another type. */
  public static StructType schema(DataType sequence) {
    DataType array = DataTypes.createArrayType(DataTypes.DoubleType);
    return new StructType()
        .add("seq", sequence)
        .add("pos", DataTypes.LongType)
        .add("q", array)
        .add("k", array)
        .add("v", array);
  }

  /** Normal values, exact in float. */
  public static TokenStream normal(AttentionSettings settings, int tokens, long seed) {
    Random random = new Random(seed);
    return new TokenStream(
        settings,
        fill(tokens * settings.queryWidth(), random),
        fill(tokens * settings.keyWidth(), random),
        fill(tokens * settings.valueWidth(), random));
  }

  /** Values in -2 .. 2, so that sums stay exact in double. */
  public static TokenStream integers(AttentionSettings settings, int tokens, long seed) {
    TokenStream stream = normal(settings, tokens, seed);
    for (double[] values : new double[][] {stream.q, stream.k, stream.v}) {
      Arrays.setAll(values, i -> Math.max(-2, Math.min(2, Math.rint(values[i] * 1.5))));
    }
    return stream;
  }

  private static double[] fill(int length, Random random) {
    double[] values = new double[length];
    Arrays.setAll(values, i -> Math.rint(random.nextGaussian() * 64) / 64);
    return values;
  }

  public int tokens() {
    return q.length / settings.queryWidth();
  }

  /** Tokens {@code from} to {@code to - 1}. */
  public TokenStream slice(int from, int to) {
    return new TokenStream(
        settings,
        Arrays.copyOfRange(q, from * settings.queryWidth(), to * settings.queryWidth()),
        Arrays.copyOfRange(k, from * settings.keyWidth(), to * settings.keyWidth()),
        Arrays.copyOfRange(v, from * settings.valueWidth(), to * settings.valueWidth()));
  }

  /** Table rows of a sequence whose first token has position {@code start}. */
  public List<Row> rows(Object sequence, long start) {
    List<Row> rows = new ArrayList<>();
    for (int t = 0; t < tokens(); t++) {
      TokenStream token = slice(t, t + 1);
      rows.add(RowFactory.create(sequence, start + t, token.q, token.k, token.v));
    }
    return rows;
  }

  /** The outputs of the recurrence in double; the settings must be float64. */
  public double[] outputs() {
    double[] o = new double[tokens() * settings.outputWidth()];
    Arrays.fill(o, Double.NaN);
    try (Applier applier = Kernels.recurrent().applier(State.initial(settings))) {
      applier.apply(q, k, v, o, 0, tokens());
    }
    return o;
  }
}
