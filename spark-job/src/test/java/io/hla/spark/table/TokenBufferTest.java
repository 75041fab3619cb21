package io.hla.spark.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Element;
import io.hla.kernels.Kernels;
import io.hla.spark.GateScale;
import io.hla.spark.InputException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.execution.vectorized.OnHeapColumnVector;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenBufferTest {
  private static final SequenceKey KEY = SequenceKey.ONLY;
  private static final double NONE = Double.NaN;

  /** Rows of 63, 64, 65 and 130 values: null bits of one word, exactly one, two and three. */
  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 65, 130})
  void copiesRowsOfEveryTypeToEveryPrecision(int width) {
    for (Precision precision : Precision.values()) {
      for (boolean fromDouble : new boolean[] {false, true}) {
        TokenBuffer buffer = buffer(width, precision, fromDouble, true);
        buffer.startAt(KEY, 0);
        buffer.read(row(fromDouble, values(width, 1), values(width, 2), values(width, 3)));
        buffer.read(row(fromDouble, values(width, 4), values(width, 5), values(width, 6)));
        double[] expected = {dot(width, 1, 2), dot(width, 4, 2), dot(width, 4, 5)};
        apply(buffer, width, precision);
        // Linear attention with g = 1: o_0 = (q_0 k_0) v_0, o_1 = (q_1 k_0) v_0 + (q_1 k_1) v_1.
        for (int i = 0; i < width; i++) {
          assertThat(value(buffer.output(0), precision, i))
              .isEqualTo(expected[0] * values(width, 3)[i]);
          assertThat(value(buffer.output(1), precision, i))
              .isEqualTo(expected[1] * values(width, 3)[i] + expected[2] * values(width, 6)[i]);
        }
      }
    }
  }

  @Test
  void readsArraysThatAreNotUnsafe() {
    TokenBuffer buffer = buffer(2, Precision.MIXED, false, true);
    buffer.startAt(KEY, 0);
    ArrayData array = new GenericArrayData(new Object[] {1f, 2f});
    buffer.read(new GenericInternalRow(new Object[] {0L, array, array, array}));
    assertThat(buffer.size()).isEqualTo(1);
    ArrayData holed = new GenericArrayData(new Object[] {1f, null});
    refuses(
        "HLA_INPUT_NULL",
        "key has a null element [1] at position 1 of the sequence",
        () -> buffer.read(new GenericInternalRow(new Object[] {1L, array, holed, array})));
  }

  @Test
  void readsPartsOfColumns() {
    TokenBuffer buffer = buffer(2, Precision.MIXED, false, true);
    buffer.startAt(KEY, 0);
    try (OnHeapColumnVector numbers = new OnHeapColumnVector(6, DataTypes.FloatType)) {
      numbers.putFloats(0, 5, new float[] {9, 1, 2, 3, 4}, 0);
      numbers.putNull(5);
      ColumnarArray whole = new ColumnarArray(numbers, 1, 2);
      buffer.read(new GenericInternalRow(new Object[] {0L, whole, whole, whole}));
      apply(buffer, 2, Precision.MIXED);
      assertThat(value(buffer.output(0), Precision.MIXED, 0)).isEqualTo(5);
      assertThat(value(buffer.output(0), Precision.MIXED, 1)).isEqualTo(10);
      ColumnarArray holed = new ColumnarArray(numbers, 4, 2);
      refuses(
          "HLA_INPUT_NULL",
          "key has a null element [1] at position 1 of the sequence",
          () -> buffer.read(new GenericInternalRow(new Object[] {1L, whole, holed, whole})));
    }
  }

  @Test
  void holdsWholeBlocksAndLittleOfWideRows() {
    for (int width : new int[] {1, 64, 1000, 40_000}) {
      int capacity = buffer(width, Precision.MIXED, false, true).capacity();
      assertThat(capacity % AttentionKernel.BLOCK).isZero();
      assertThat(capacity).isPositive();
      assertThat((long) capacity * width)
          .isLessThanOrEqualTo(Math.max(1 << 15, (long) AttentionKernel.BLOCK * width));
    }
  }

  @Test
  void refusesOtherWidths() {
    refuses(
        3,
        row(false, values(3, 1), values(4, 1), values(3, 1)),
        "HLA_INPUT_WIDTH",
        "key has 4 values at position 42 of the sequence, expected 3 (1 KV heads x 3)");
    refuses(
        3,
        row(false, new double[0], values(3, 1), values(3, 1)),
        "HLA_INPUT_WIDTH",
        "query has 0 values at position 42 of the sequence, expected 3 (1 heads x 3)");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 63, 64, 129})
  void refusesNullElements(int at) {
    double[] holed = values(130, 1);
    holed[at] = NONE;
    refuses(
        130,
        row(false, values(130, 1), values(130, 1), holed),
        "HLA_INPUT_NULL",
        "value has a null element [" + at + "] at position 42 of the sequence");
  }

  @Test
  void refusesNullArrays() {
    refuses(
        3,
        row(false, null, values(3, 1), values(3, 1)),
        "HLA_INPUT_NULL",
        "query is null at position 42 of the sequence");
  }

  /** Three rows of 130 values are six lanes of 64 and six more, from [124] of the last row on. */
  @ParameterizedTest
  @ValueSource(ints = {0, 59, 60, 123, 124, 129})
  void refusesValuesThatAreNotFinite(int at) {
    for (Precision precision : Precision.values()) {
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        UnsafeArrayData[] arrays = new UnsafeArrayData[3];
        Arrays.fill(arrays, UnsafeArrayData.fromPrimitiveArray(new float[130]));
        float[] values = new float[130];
        values[at] = bad;
        arrays[1] = UnsafeArrayData.fromPrimitiveArray(values);
        TokenBuffer buffer = buffer(130, precision, false, true);
        buffer.startAt(KEY, 40);
        InternalRow good =
            new GenericInternalRow(new Object[] {0L, arrays[0], arrays[0], arrays[0]});
        buffer.read(good);
        buffer.read(good);
        buffer.read(new GenericInternalRow(new Object[] {1L, arrays[0], arrays[1], arrays[2]}));
        refuses(
            "HLA_INPUT_NONFINITE",
            String.format(
                "key[%d] is %s at position 42 of the sequence, expected a finite float number",
                at, bad),
            () -> apply(buffer, 130, precision));
        TokenBuffer lenient = buffer(130, precision, false, false);
        lenient.startAt(KEY, 41);
        lenient.read(new GenericInternalRow(new Object[] {1L, arrays[0], arrays[1], arrays[2]}));
        apply(lenient, 130, precision);
        assertThat(value(lenient.output(0), precision, 0)).isNaN();
      }
    }
  }

  @Test
  void refusesDoublesThatAreNoFiniteFloat() {
    TokenBuffer buffer = buffer(1, Precision.MIXED, true, true);
    buffer.startAt(KEY, 42);
    buffer.read(row(true, new double[] {-1e300}, new double[] {1}, new double[] {1}));
    refuses(
        "HLA_INPUT_NONFINITE",
        "query[0] is -Infinity at position 42 of the sequence, expected a finite float number"
            + " (the column holds doubles: precision float64 takes larger ones)",
        () -> apply(buffer, 1, Precision.MIXED));
  }

  private static void apply(TokenBuffer buffer, int width, Precision precision) {
    try (Applier applier = Kernels.java().applier(State.initial(settings(width, precision)))) {
      buffer.apply(applier);
    }
  }

  private static void refuses(int width, InternalRow row, String condition, String message) {
    for (Precision precision : Precision.values()) {
      TokenBuffer buffer = buffer(width, precision, false, true);
      buffer.startAt(KEY, 42);
      refuses(condition, message, () -> buffer.read(row));
    }
  }

  private static void refuses(String condition, String message, Runnable work) {
    Consumer<InputException> named = e -> assertThat(e.condition()).isEqualTo(condition);
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(InputException.class, named)
        .hasMessage(message);
  }

  private static AttentionSettings settings(int width, Precision precision) {
    return AttentionSettings.builder(width, width)
        .operator(Operator.LINEAR)
        .precision(precision)
        .build();
  }

  private static TokenBuffer buffer(
      int width, Precision precision, boolean fromDouble, boolean refuseNonFinite) {
    TokenRow layout =
        new TokenRow(
            List.of("query", "key", "value"),
            List.of(fromDouble, fromDouble, fromDouble),
            GateScale.LINEAR,
            null,
            "seq",
            "pos",
            List.of(),
            precision.isDouble() ? Element.DOUBLE : Element.FLOAT);
    AttentionSettings settings = settings(width, precision);
    return new TokenBuffer(
        Kernels.choose("auto", "auto"),
        settings,
        layout,
        refuseNonFinite,
        false,
        TokenBuffer.fullCapacity(settings));
  }

  private static double[] values(int width, int from) {
    double[] values = new double[width];
    Arrays.setAll(values, i -> (from + i) % 5 - 2);
    return values;
  }

  private static double dot(int width, int first, int second) {
    double sum = 0;
    for (int i = 0; i < width; i++) {
      sum += values(width, first)[i] * values(width, second)[i];
    }
    return sum;
  }

  private static double value(ArrayData array, Precision precision, int i) {
    return precision.isDouble() ? array.getDouble(i) : array.getFloat(i);
  }

  /** A row as Spark's scans give it; NaN stands for null. */
  private static InternalRow row(boolean isDouble, double[]... arrays) {
    DataType element = isDouble ? DataTypes.DoubleType : DataTypes.FloatType;
    StructType schema = new StructType().add("pos", DataTypes.LongType);
    Object[] values = new Object[1 + arrays.length];
    values[0] = 0L;
    for (int i = 0; i < arrays.length; i++) {
      schema = schema.add("a" + i, DataTypes.createArrayType(element));
      values[i + 1] = arrays[i] == null ? null : boxed(isDouble, arrays[i]);
    }
    return UnsafeProjection.create(schema).apply(new GenericInternalRow(values)).copy();
  }

  private static GenericArrayData boxed(boolean isDouble, double[] values) {
    Object[] boxed = new Object[values.length];
    for (int i = 0; i < values.length; i++) {
      if (!Double.isNaN(values[i])) {
        boxed[i] = isDouble ? (Object) values[i] : (Object) (float) values[i];
      }
    }
    return new GenericArrayData(boxed);
  }
}
