package io.hla.spark.validate;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.spark.Attention;
import io.hla.spark.InputOrder;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import io.hla.spark.passes.RunProof;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every token of real jobs is proved, and what is wrong in them is found. */
class InductionTest {
  private static final int TOKENS = 130;

  private final SparkSession spark = TestSpark.newSession();

  static Stream<AttentionSettings> settings() {
    return Stream.of(
        AttentionSettings.builder(3, 2).heads(2, 1).decay(0.9).build(),
        AttentionSettings.builder(2, 2).normalize(true).featureMap(FeatureMap.ELU1).build(),
        AttentionSettings.builder(2, 3).ridge(0.5).decay(0.95).precision(Precision.FLOAT64).build(),
        AttentionSettings.builder(2, 2)
            .operator(Operator.AHLA)
            .precision(Precision.FLOAT32)
            .build(),
        AttentionSettings.builder(2, 2).operator(Operator.LINEAR).mask(Mask.NONE).build(),
        AttentionSettings.builder(2, 2).form(Form.PUBLISHED).decay(0.9).build(),
        AttentionSettings.builder(2, 2)
            .operator(Operator.HLA3)
            .form(Form.PUBLISHED)
            .precision(Precision.FLOAT64)
            .build(),
        AttentionSettings.builder(2, 2).operator(Operator.HLA3).build());
  }

  @ParameterizedTest
  @MethodSource("settings")
  void everyTokenIsProved(AttentionSettings settings) {
    Attention.Result job = job(settings, InputOrder.STORED, clustered(settings));
    assertThat(failed(job, 1)).isEmpty();
    Check outputs = new Induction(job, 1, 0).checks().get(0);
    assertThat(outputs.detail()).startsWith("200 of 200 tokens, in 6 of 6 runs");
    Check states = new Induction(job, 1, 0).checks().get(1);
    assertThat(states.detail()).startsWith("4 states");
  }

  @ParameterizedTest
  @EnumSource
  void sequencesMayTakeTurnsOrBeSorted(InputOrder order) {
    AttentionSettings settings = AttentionSettings.builder(3, 2).decay(0.9).build();
    List<Row> rows = new ArrayList<>();
    TokenStream stream = TokenStream.normal(settings, TOKENS, 1);
    List<Row> a = stream.rows("a", 5);
    List<Row> b = stream.slice(10, 80).rows("b", -3);
    for (int i = 0; i < TOKENS; i++) {
      rows.add(a.get(i));
      if (i % 2 == 1 && i / 2 < b.size()) {
        rows.add(b.get(i / 2));
      }
    }
    rows.addAll(b.subList(TOKENS / 2, b.size()));
    Dataset<Row> table =
        TokenFiles.partitioned(spark, TokenStream.SCHEMA, TokenFiles.split(rows, 3));
    assertThat(failed(job(settings, order, table), 1)).isEmpty();
  }

  @Test
  void aShareOfTheRunsCanBeProved() {
    AttentionSettings settings = AttentionSettings.builder(3, 2).decay(0.9).build();
    Attention.Result job = job(settings, InputOrder.STORED, clustered(settings));
    assertThat(failed(job, 0.5)).isEmpty();
    long chosen = job.recomputed(0.5, 7).count();
    assertThat(chosen).isBetween(1L, 5L);
    assertThat(starts(job, 7)).isEqualTo(starts(job, 7)).hasSize((int) chosen);
    assertThat(Stream.of(8L, 9L, 10L).map(seed -> starts(job, seed)))
        .anyMatch(other -> !other.equals(starts(job, 7)));
  }

  @Test
  void nothingChosenIsNoProof() {
    AttentionSettings settings = AttentionSettings.builder(3, 2).decay(0.9).build();
    Attention.Result job = job(settings, InputOrder.STORED, clustered(settings));
    assertThat(failed(job, 1e-12)).contains("outputs = recurrence, run by run");
  }

  /** Six runs of two sequences. */
  private Dataset<Row> clustered(AttentionSettings settings) {
    TokenStream stream = TokenStream.normal(settings, TOKENS, 1);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(stream.rows("a", 5), 4));
    pieces.addAll(TokenFiles.split(stream.slice(10, 80).rows("b", -3), 2));
    return TokenFiles.partitioned(spark, TokenStream.SCHEMA, TokenFiles.shuffled(pieces, 1));
  }

  private Attention.Result job(AttentionSettings settings, InputOrder order, Dataset<Row> table) {
    return TestJob.request(settings).inputOrder(order).withPrefixes().run(table);
  }

  private static List<String> failed(Attention.Result job, double share) {
    return new Induction(job, share, 7)
        .checks().stream().filter(check -> !check.passed()).map(Check::name).toList();
  }

  private static List<Long> starts(Attention.Result job, long seed) {
    return job.recomputed(0.5, seed).map(packed -> RunProof.unpack(packed).start()).collect();
  }
}
