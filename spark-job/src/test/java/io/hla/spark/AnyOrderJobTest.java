package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Operators of any order, programs and gates, whatever the runs: what one machine computes. */
class AnyOrderJobTest {
  private static final int TOKENS = 42;
  private static final long SEED = 5;

  private final SparkSession spark = TestSpark.newSession();

  static Stream<AttentionSettings> settings() {
    return Stream.of(
        settings(Operator.hla(4), false),
        settings(Operator.ahla(3), false),
        settings(Operators.TWO_STEPS, false),
        settings(Operator.HLA2, true),
        settings(Operator.hla(5), true),
        settings(Operators.TWO_STEPS, true));
  }

  private static AttentionSettings settings(Operator operator, boolean gated) {
    return AttentionSettings.builder(3, 2)
        .operator(operator)
        .heads(2, 1)
        .decay(List.of(0.97, 1.0))
        .gated(gated)
        .precision(Precision.FLOAT64)
        .build();
  }

  @ParameterizedTest
  @MethodSource("settings")
  void tablesOfAnyPartitionsGiveWhatOneMachineGives(AttentionSettings settings) {
    List<List<Row>> pieces = new ArrayList<>();
    Map<Object, double[]> expected = new HashMap<>();
    for (int parts : new int[] {1, 2, 7, TOKENS}) {
      TokenStream stream = TokenStream.normal(settings, TOKENS, SEED + parts);
      pieces.addAll(TokenFiles.split(stream.rows(parts + " runs", -3), parts));
      expected.put(parts + " runs", stream.outputs());
    }
    Dataset<Row> table = table(settings, TokenFiles.shuffled(pieces, SEED));
    TestJob job = TestJob.stored(spark, settings).fanIn(3);
    assertThat(job.run(table).runs()).isEqualTo(1 + 2 + 7 + TOKENS);
    for (TestJob place : List.of(job, job.scannedOnExecutors())) {
      Map<Object, double[]> actual = place.outputs(table);
      assertThat(actual).containsOnlyKeys(expected.keySet());
      expected.forEach((key, o) -> close(actual.get(key), o));
    }
  }

  /** Runs that end at the same positions, in one partition and in seven. */
  @ParameterizedTest
  @MethodSource("settings")
  void theSameRunsGiveTheSameBitsWhereverTheyLie(AttentionSettings settings) {
    List<Row> rows = TokenStream.normal(settings, TOKENS, SEED).rows("s", 0);
    TestJob job = TestJob.stored(spark, settings);
    TestJob cut = new TestJob(spark, job.request().fanIn(2).cutEvery(6));
    double[] expected = cut.outputs(table(settings, List.of(rows))).get("s");
    List<List<Row>> seven = new ArrayList<>();
    for (int from = 0; from < TOKENS; from += 6) {
      seven.add(List.copyOf(rows.subList(from, from + 6)));
    }
    for (TestJob place : List.of(cut, cut.scannedOnExecutors())) {
      Attention.Result result = place.run(table(settings, TokenFiles.shuffled(seven, SEED)));
      assertThat(result.runs()).isEqualTo(7);
      assertThat(TestJob.bySequence(result.outputs()).get("s")).isEqualTo(expected);
      assertThat(place.outputs(table(settings, List.of(rows))).get("s")).isEqualTo(expected);
    }
  }

  @Test
  void operatorsGoByTheirNames() {
    assertThat(Attention.hla(2).settings(1, 1)).isEqualTo(Attention.hla2().settings(1, 1));
    assertThat(Attention.ahla(2).settings(1, 1)).isEqualTo(Attention.ahla().settings(1, 1));
    assertThat(Attention.ahla(1).settings(1, 1)).isEqualTo(Attention.linear().settings(1, 1));
    AttentionSettings hla2 =
        AttentionSettings.builder(3, 2).decay(0.9).precision(Precision.FLOAT64).build();
    TokenStream stream = TokenStream.normal(hla2, 9, SEED);
    Attention program =
        Attention.program("u = LA(q, k, k); o = LA(q, u, v, g^2)")
            .decay(0.9)
            .precision(Precision.FLOAT64)
            .outputType(Element.DOUBLE);
    Dataset<Row> table = table(hla2, TokenFiles.split(stream.rows("s", 0), 3));
    close(TestJob.bySequence(program.attend(table)).get("s"), stream.outputs());
  }

  private Dataset<Row> table(AttentionSettings settings, List<List<Row>> pieces) {
    return TokenFiles.partitioned(spark, TokenStream.schema(settings), pieces);
  }

  private static void close(double[] actual, double[] expected) {
    double largest = Arrays.stream(expected).map(Math::abs).max().getAsDouble();
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i])).isLessThanOrEqualTo(1e-12 * largest);
    }
  }
}
