package io.hla.spark;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.kernels.Applier;
import io.hla.kernels.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The tokens of one sequence, and what one machine computes for them from the first on.
 *
 * @param g gates [n][H]; null for tokens without
 */
public record TokenStream(
    AttentionSettings settings, double[] q, double[] k, double[] v, double[] g) {
  /** (seq, pos, q, k, v) with a text sequence and doubles. */
  public static final StructType SCHEMA = schema(DataTypes.StringType);

  /** The same with a column g of gates. */
  public static final StructType GATED =
      SCHEMA.add("g", DataTypes.createArrayType(DataTypes.DoubleType));

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

  /** The columns of streams of these settings. */
  public static StructType schema(AttentionSettings settings) {
    return settings.gated() ? GATED : SCHEMA;
  }

  /** Normal values, exact in float, and gates from 0.5 to 1, one in ten of them 0. */
  public static TokenStream normal(AttentionSettings settings, int tokens, long seed) {
    Random random = new Random(seed);
    return new TokenStream(
        settings,
        fill(tokens * settings.queryWidth(), random),
        fill(tokens * settings.keyWidth(), random),
        fill(tokens * settings.valueWidth(), random),
        settings.gated() ? gates(tokens * settings.gateWidth(), random) : null);
  }

  private static double[] gates(int length, Random random) {
    double[] gates = new double[length];
    Arrays.setAll(gates, i -> random.nextInt(10) == 0 ? 0 : 0.5 + random.nextDouble() / 2);
    return gates;
  }

  /** Values in -2 .. 2, and gates of 0 and 1, so that sums stay exact in double. */
  public static TokenStream integers(AttentionSettings settings, int tokens, long seed) {
    TokenStream stream = normal(settings, tokens, seed);
    for (double[] values : new double[][] {stream.q, stream.k, stream.v}) {
      Arrays.setAll(values, i -> Math.max(-2, Math.min(2, Math.rint(values[i] * 1.5))));
    }
    if (stream.g != null) {
      Arrays.setAll(stream.g, i -> stream.g[i] == 0 ? 0 : 1);
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
        Arrays.copyOfRange(v, from * settings.valueWidth(), to * settings.valueWidth()),
        g == null
            ? null
            : Arrays.copyOfRange(g, from * settings.gateWidth(), to * settings.gateWidth()));
  }

  /** Table rows of a sequence whose first token has position {@code start}. */
  public List<Row> rows(Object sequence, long start) {
    List<Row> rows = new ArrayList<>();
    for (int t = 0; t < tokens(); t++) {
      TokenStream token = slice(t, t + 1);
      rows.add(
          g == null
              ? RowFactory.create(sequence, start + t, token.q, token.k, token.v)
              : RowFactory.create(sequence, start + t, token.q, token.k, token.v, token.g));
    }
    return rows;
  }

  /** The outputs of the recurrence in double; the settings must be float64. */
  public double[] outputs() {
    double[] o = new double[tokens() * settings.outputWidth()];
    Arrays.fill(o, Double.NaN);
    try (Applier applier = Kernels.recurrent().applier(State.initial(settings))) {
      if (g == null) {
        applier.apply(q, k, v, o, 0, tokens());
      } else {
        applier.apply(q, k, v, g, o, 0, tokens());
      }
    }
    return o;
  }
}
