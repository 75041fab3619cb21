package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sums that double holds exactly come out exactly, whatever the runs and the tree over them. */
class ExactnessJobTest {
  private static final int PARTITIONS = 5;

  static Stream<Arguments> cases() {
    return Operators.variants(Operators.all());
  }

  /** What decays by halves is exact where few are multiplied. */
  static Stream<Arguments> decayed() {
    return Operators.variants(Operators.paper());
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("cases")
  void integersWithoutDecay(Operator operator, Mask mask, Form form) {
    AttentionSettings settings = settings(operator, mask, form).heads(2, 1).build();
    check(settings, new int[] {1, 2, 13, 37}, 37, 11);
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("decayed")
  void integersWithDyadicDecayNormalized(Operator operator, Mask mask, Form form) {
    AttentionSettings settings =
        settings(operator, mask, form)
            .heads(2, 2)
            .decay(List.of(0.5, 0.25))
            .normalize(true)
            .epsilon(0.5)
            .scale(2)
            .featureMap(FeatureMap.RELU)
            .build();
    check(settings, new int[] {1, 2, 4, 7}, 7, 12);
  }

  private static AttentionSettings.Builder settings(Operator operator, Mask mask, Form form) {
    return AttentionSettings.builder(3, 2)
        .operator(operator)
        .mask(mask)
        .form(form)
        .precision(Precision.FLOAT64);
  }

  /** One sequence of {@code tokens} for each number of pieces, all of them in one table. */
  private static void check(AttentionSettings settings, int[] cuts, int tokens, long seed) {
    List<List<Row>> pieces = new ArrayList<>();
    Map<Object, double[]> expected = new HashMap<>();
    for (int parts : cuts) {
      TokenStream stream = TokenStream.integers(settings, tokens, seed + parts);
      String sequence = parts + " pieces";
      pieces.addAll(TokenFiles.split(stream.rows(sequence, 1_000_000_007L), parts));
      expected.put(sequence, stream.outputs());
    }
    SparkSession spark = TestSpark.newSession();
    Dataset<Row> table =
        TokenFiles.partitioned(spark, TokenStream.SCHEMA, dealt(pieces, new Random(seed)));
    TestJob job = TestJob.stored(spark, settings);
    for (TestJob tree :
        List.of(job.fanIn(2), job.fanIn(3).scannedOnExecutors(), job.scannedOnExecutors())) {
      Map<Object, double[]> actual = tree.outputs(table);
      assertThat(actual).containsOnlyKeys(expected.keySet());
      expected.forEach(
          (sequence, o) ->
              assertThat(actual.get(sequence))
                  .as("%s, %s, seed %d: %s", sequence, tree.compute(), seed, settings)
                  .isEqualTo(o));
    }
  }

  /** Partitions of several pieces each, in no order. */
  private static List<List<Row>> dealt(List<List<Row>> pieces, Random random) {
    List<List<Row>> partitions = new ArrayList<>();
    for (int i = 0; i < PARTITIONS; i++) {
      partitions.add(new ArrayList<>());
    }
    for (List<Row> piece : TokenFiles.shuffled(pieces, random.nextLong())) {
      partitions.get(random.nextInt(PARTITIONS)).addAll(piece);
    }
    return partitions;
  }
}
