package io.hla.spark.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.shuffle.Packing;
import java.math.BigDecimal;
import java.sql.Date;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.Period;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.StringType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SequenceKeyTest {
  /** Some values of every atomic type, in their order. */
  static Stream<Arguments> values() {
    return Stream.of(
        arguments(DataTypes.StringType, "", " ", "a", "ab", "b", "\u00fc\u4e2d"),
        arguments(StringType.apply("UTF8_LCASE"), "A", "a"),
        arguments(DataTypes.createVarcharType(9), "a", "b"),
        arguments(DataTypes.BinaryType, bytes(), bytes(0), bytes(0, 1), bytes(127), bytes(-1)),
        arguments(DataTypes.BooleanType, false, true),
        arguments(DataTypes.ByteType, Byte.MIN_VALUE, (byte) 0, Byte.MAX_VALUE),
        arguments(DataTypes.ShortType, Short.MIN_VALUE, (short) 256, Short.MAX_VALUE),
        arguments(DataTypes.IntegerType, Integer.MIN_VALUE, -1, 0, Integer.MAX_VALUE),
        arguments(DataTypes.LongType, Long.MIN_VALUE, -1L, 1L << 33, Long.MAX_VALUE),
        arguments(DataTypes.FloatType, -1e30f, -0f, 0f, Float.MIN_VALUE, Float.NaN),
        arguments(DataTypes.DoubleType, -1e300, -0d, 0d, Double.MIN_VALUE, Double.NaN),
        arguments(DataTypes.createDecimalType(9, 2), decimal("-1.50"), decimal("0"), decimal("7")),
        arguments(
            DataTypes.createDecimalType(38, 18),
            decimal("-12345678901234567890.123456789012345678"),
            decimal("0.000000000000000001"),
            decimal("12345678901234567890.123456789012345678")),
        arguments(DataTypes.DateType, Date.valueOf("1969-12-31"), Date.valueOf("2024-02-29")),
        arguments(DataTypes.TimestampType, new Timestamp(-1), new Timestamp(1_700_000_000_123L)),
        arguments(
            DataTypes.TimestampNTZType,
            LocalDateTime.parse("1900-01-01T00:00:00.000001"),
            LocalDateTime.parse("2024-02-29T23:59:59.999999")),
        arguments(DataTypes.createYearMonthIntervalType(), Period.ofMonths(-13), Period.ofYears(9)),
        arguments(
            DataTypes.createDayTimeIntervalType(), Duration.ofNanos(-1000), Duration.ofDays(99)));
  }

  private static Arguments arguments(DataType type, Object... values) {
    return Arguments.of(type, List.of(values));
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static BigDecimal decimal(String number) {
    return new BigDecimal(number);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("values")
  void comesBackAsItWasWritten(DataType type, List<Object> values) {
    for (Object value : values) {
      SequenceKey key = key(type, value);
      SequenceKey read = read(key);
      assertThat(read).isEqualTo(key).isEqualByComparingTo(key).hasSameHashCodeAs(key);
      assertThat(read.matches(key.value())).isTrue();
      assertThat(read).hasToString(key.toString());
      assertThat(read.value()).hasSameClassAs(key.value());
      assertThat(read.external(type)).isEqualTo(key.external(type));
    }
  }

  /** Keys of several tasks meet in one order. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("values")
  void differsFromOtherValuesAndKeepsTheirOrder(DataType type, List<Object> values) {
    List<SequenceKey> keys = values.stream().map(value -> key(type, value)).toList();
    List<SequenceKey> sorted = new ArrayList<>();
    keys.forEach(key -> sorted.add(read(key)));
    Collections.shuffle(sorted, new Random(3));
    Collections.sort(sorted);
    assertThat(sorted).isEqualTo(keys).doesNotHaveDuplicates();
  }

  static Stream<Arguments> texts() {
    return Stream.of(
        Arguments.of(DataTypes.StringType, "a b", "a b"),
        Arguments.of(DataTypes.LongType, -7L, "-7"),
        Arguments.of(DataTypes.DoubleType, 0.5, "0.5"),
        Arguments.of(DataTypes.BooleanType, true, "true"),
        Arguments.of(DataTypes.createDecimalType(9, 2), decimal("12.50"), "12.50"),
        Arguments.of(DataTypes.createDecimalType(38, 18), decimal("0"), "0.000000000000000000"),
        Arguments.of(DataTypes.BinaryType, bytes(-1, 10), "X'FF0A'"),
        Arguments.of(DataTypes.DateType, Date.valueOf("2024-02-29"), "2024-02-29"),
        Arguments.of(
            DataTypes.TimestampType,
            Timestamp.valueOf("2024-02-29 23:59:59.5"),
            "2024-02-29 23:59:59.5"),
        Arguments.of(
            DataTypes.TimestampNTZType,
            LocalDateTime.parse("2024-02-29T23:59:59"),
            "2024-02-29 23:59:59"),
        Arguments.of(
            DataTypes.createYearMonthIntervalType(),
            Period.of(1, 2, 0),
            "INTERVAL '1-2' YEAR TO MONTH"),
        Arguments.of(
            DataTypes.createDayTimeIntervalType(),
            Duration.ofHours(25),
            "INTERVAL '1 01:00:00' DAY TO SECOND"));
  }

  /** People see values as they wrote them, not as Spark holds them. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("texts")
  void isShownAsItWasWritten(DataType type, Object value, String text) {
    assertThat(key(type, value).text(type)).isEqualTo("sequence \"" + text + "\"");
    assertThat(SequenceKey.ONLY.text(null)).isEqualTo("the sequence");
  }

  @Test
  void theOnlyKeyComesBack() {
    assertThat(read(SequenceKey.ONLY)).isSameAs(SequenceKey.ONLY);
    assertThat(SequenceKey.ONLY).isNotEqualTo(key(DataTypes.StringType, ""));
    assertThat(read(key(DataTypes.StringType, ""))).isNotEqualTo(SequenceKey.ONLY);
  }

  /** Spark holds short decimals as longs, and long ones that are computed as big decimals. */
  @Test
  void decimalsThatAreHeldDifferentlyAreOne() {
    Decimal compact = Decimal.createUnsafe(12300, 9, 2);
    Decimal big = Decimal.apply(new BigDecimal("123.00"), 38, 2);
    assertThat(SequenceKey.of(compact))
        .isEqualTo(SequenceKey.of(big))
        .hasSameHashCodeAs(SequenceKey.of(big))
        .isEqualTo(read(SequenceKey.of(big)));
  }

  private static SequenceKey key(DataType type, Object value) {
    return SequenceKey.of(CatalystTypeConverters.createToCatalystConverter(type).apply(value));
  }

  private static SequenceKey read(SequenceKey key) {
    return Packing.unpack(Packing.pack(key::write), SequenceKey::read);
  }
}
