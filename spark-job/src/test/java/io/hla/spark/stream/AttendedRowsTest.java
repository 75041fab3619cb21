package io.hla.spark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Element;
import io.hla.kernels.Kernels;
import io.hla.spark.ComputeSettings;
import io.hla.spark.GateScale;
import io.hla.spark.TokenStream;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenBuffer;
import io.hla.spark.table.TokenColumns;
import io.hla.spark.table.TokenSelection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Wherever a sequence is cut, and its state stored, outputs have the bits of one stream. */
class AttendedRowsTest {
  private static final int TOKENS = 301;

  private static final SequenceKey KEY = SequenceKey.ONLY;

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (String kernels : List.of("java", "native")) {
      for (Operator operator :
          List.of(Operator.LINEAR, Operator.HLA2, Operator.HLA3, Operator.hla(4), Operator.AHLA)) {
        for (boolean gated : new boolean[] {false, true}) {
          cases.add(
              Arguments.of(
                  kernels, settings(operator).gated(gated).precision(Precision.FLOAT64).build()));
        }
        cases.add(
            Arguments.of(
                kernels, settings(operator).gated(true).precision(Precision.FLOAT32).build()));
        cases.add(Arguments.of(kernels, settings(operator).precision(Precision.FLOAT32).build()));
      }
      cases.add(
          Arguments.of(
              kernels,
              settings(Operator.HLA2).mask(Mask.NONE).precision(Precision.FLOAT64).build()));
      cases.add(
          Arguments.of(
              kernels,
              settings(Operator.HLA3)
                  .form(Form.PUBLISHED)
                  .normalize(false)
                  .precision(Precision.FLOAT64)
                  .build()));
      for (Precision precision : List.of(Precision.FLOAT64, Precision.FLOAT32)) {
        cases.add(Arguments.of(kernels, wide(precision)));
      }
    }
    return cases.stream();
  }

  /** Rows so wide that a buffer holds the fewest tokens. */
  private static AttentionSettings wide(Precision precision) {
    AttentionSettings settings =
        AttentionSettings.builder(64, 3).heads(9, 3).decay(0.97).precision(precision).build();
    assertThat(TokenBuffer.fullCapacity(settings)).isEqualTo(AttentionKernel.BLOCK);
    return settings;
  }

  private static AttentionSettings.Builder settings(Operator operator) {
    return AttentionSettings.builder(5, 7)
        .operator(operator)
        .heads(4, 2)
        .decay(List.of(1.0, 0.9, 0.99, 1e-6))
        .normalize(true)
        .scale(0.5)
        .featureMap(FeatureMap.ELU1);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void cutsChangeNoBit(String kernels, AttentionSettings settings) {
    TokenStream tokens = TokenStream.normal(settings, TOKENS, 72);
    double[] expected = whole(Kernels.choose(kernels, "auto"), settings, tokens);
    Random random = new Random(72);
    for (int most : new int[] {40, 200, TOKENS}) {
      assertThat(cut(kernels, settings, tokens, most, random))
          .as("cuts of up to %d tokens, seed 72", most)
          .isEqualTo(expected);
    }
  }

  /** One stream over all tokens. */
  private static double[] whole(
      AttentionKernel kernel, AttentionSettings settings, TokenStream tokens) {
    double[] o = new double[TOKENS * settings.outputWidth()];
    Arrays.fill(o, Double.NaN);
    try (Applier applier = kernel.applier(State.initial(settings))) {
      if (settings.precision().isDouble() && settings.gated()) {
        applier.apply(tokens.q(), tokens.k(), tokens.v(), tokens.g(), o, 0, TOKENS);
      } else if (settings.precision().isDouble()) {
        applier.apply(tokens.q(), tokens.k(), tokens.v(), o, 0, TOKENS);
      } else {
        float[] narrow = new float[o.length];
        float[] q = floats(tokens.q());
        float[] k = floats(tokens.k());
        float[] v = floats(tokens.v());
        if (settings.gated()) {
          applier.apply(q, k, v, tokens.g(), narrow, 0, TOKENS);
        } else {
          applier.apply(q, k, v, narrow, 0, TOKENS);
        }
        Arrays.setAll(o, i -> narrow[i]);
      }
    }
    return o;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** A micro-batch after the other, with the bytes of the state in between. */
  private static double[] cut(
      String kernels, AttentionSettings settings, TokenStream tokens, int most, Random random) {
    Element output = settings.precision().isDouble() ? Element.DOUBLE : Element.FLOAT;
    TokenColumns columns =
        TokenColumns.defaults().gated(settings.gated() ? "g" : null, GateScale.LINEAR);
    StructType table =
        new StructType(
            Arrays.stream(TokenStream.schema(settings).fields())
                .filter(field -> !field.name().equals("seq"))
                .toArray(StructField[]::new));
    TokenSelection selection = TokenSelection.of(table, columns, output);
    RowBytes rows = new RowBytes(selection.schema());
    double[] all = new double[TOKENS * settings.outputWidth()];
    byte[] stored = StreamedState.startingAt(0).toBytes();
    int from = 0;
    while (from < TOKENS) {
      int to = Math.min(TOKENS, from + (most == TOKENS ? TOKENS : 1 + random.nextInt(most)));
      List<byte[]> batch = new ArrayList<>();
      for (int t = from; t < to; t++) {
        batch.add(rows.pack(row(tokens.slice(t, t + 1), t)));
      }
      // Every micro-batch may have another task.
      ComputeSettings compute = ComputeSettings.defaults().withKernels(kernels, "auto");
      try (TaskKernel kernel = new TaskKernel(compute, selection.layout())) {
        StreamedState before = StreamedState.fromBytes(stored);
        List<byte[]> behind = new ArrayList<>();
        int next = to;
        AttendedRows attended =
            new AttendedRows(
                kernel,
                KEY,
                before.state() == null ? State.initial(settings) : State.fromBytes(before.state()),
                before.nextPosition(),
                rows.unpackEach(batch),
                state -> behind.add(StreamedState.behind(next, state.toBytes()).toBytes()));
        while (attended.hasNext()) {
          InternalRow row = attended.next();
          for (int i = 0; i < settings.outputWidth(); i++) {
            all[(int) row.getLong(0) * settings.outputWidth() + i] =
                output == Element.DOUBLE
                    ? row.getArray(1).getDouble(i)
                    : row.getArray(1).getFloat(i);
          }
        }
        assertThat(behind).hasSize(1);
        stored = behind.get(0);
      }
      from = to;
    }
    return all;
  }

  private static InternalRow row(TokenStream token, long position) {
    List<Object> values = new ArrayList<>(List.of(position));
    for (double[] numbers : new double[][] {token.q(), token.k(), token.v(), token.g()}) {
      if (numbers != null) {
        values.add(UnsafeArrayData.fromPrimitiveArray(numbers));
      }
    }
    return new GenericInternalRow(values.toArray());
  }
}
