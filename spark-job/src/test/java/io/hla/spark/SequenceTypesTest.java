package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.sql.Date;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.Period;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sequences named by values of every atomic type. */
class SequenceTypesTest {
  private static final int TOKENS = 11;
  private static final long SEED = 5;

  static Stream<Arguments> types() {
    return Stream.of(
        Arguments.of(DataTypes.StringType, "a", "\u00fc\u4e2d"),
        Arguments.of(DataTypes.StringType, "", " "),
        Arguments.of(DataTypes.LongType, Long.MIN_VALUE, Long.MAX_VALUE),
        Arguments.of(DataTypes.IntegerType, -1, 256),
        Arguments.of(DataTypes.ShortType, (short) 1, (short) 2),
        Arguments.of(DataTypes.ByteType, (byte) 1, (byte) -2),
        Arguments.of(DataTypes.BooleanType, false, true),
        Arguments.of(DataTypes.FloatType, 0.1f, -3f),
        Arguments.of(DataTypes.DoubleType, 0.1, -1e300),
        Arguments.of(
            DataTypes.createDecimalType(30, 3),
            new BigDecimal("1.500"),
            new BigDecimal("123456789012345678901234567.001")),
        Arguments.of(DataTypes.DateType, Date.valueOf("1851-10-18"), Date.valueOf("2024-02-29")),
        Arguments.of(
            DataTypes.TimestampType,
            Timestamp.valueOf("2024-02-29 23:59:59.123456"),
            Timestamp.valueOf("1969-12-31 00:00:00")),
        Arguments.of(
            DataTypes.TimestampNTZType,
            LocalDateTime.parse("2024-02-29T23:59:59.123456"),
            LocalDateTime.parse("1969-12-31T00:00:00")),
        Arguments.of(
            DataTypes.createDayTimeIntervalType(), Duration.ofMillis(-1), Duration.ofDays(3)),
        Arguments.of(
            DataTypes.createYearMonthIntervalType(), Period.ofMonths(7), Period.of(-1, -1, 0)),
        Arguments.of(DataTypes.BinaryType, new byte[] {-1, 0}, new byte[0]));
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("types")
  void severalRunsOfTwoSequences(DataType type, Object first, Object second) {
    AttentionSettings settings =
        AttentionSettings.builder(2, 3).precision(Precision.FLOAT64).build();
    TokenStream one = TokenStream.integers(settings, TOKENS, SEED);
    TokenStream other = TokenStream.integers(settings, TOKENS, SEED + 1);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(one.rows(first, -4), 4));
    pieces.addAll(TokenFiles.split(other.rows(second, -4), 3));
    SparkSession spark = TestSpark.newSession();
    Dataset<Row> table =
        TokenFiles.partitioned(spark, TokenStream.schema(type), TokenFiles.shuffled(pieces, SEED));
    TestJob stored = TestJob.stored(spark, settings).fanIn(2);
    for (TestJob job : List.of(stored, stored.scannedOnExecutors(), stored.sorted())) {
      Map<Object, double[]> outputs = job.outputs(table);
      String what = String.format("%s, seed %d", job.compute(), SEED);
      assertThat(outputs).hasSize(2);
      assertThat(outputs.get(key(first))).as(what).isEqualTo(one.outputs());
      assertThat(outputs.get(key(second))).as(what).isEqualTo(other.outputs());
    }
  }

  private static Object key(Object value) {
    return value instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : value;
  }
}
