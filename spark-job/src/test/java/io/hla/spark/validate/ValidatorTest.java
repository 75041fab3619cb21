package io.hla.spark.validate;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import io.hla.spark.Attention;
import io.hla.spark.TestSpark;
import io.hla.spark.attend.Phases;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A verdict has to be able to fall: other tokens must be noticed, and NaN is never an error of 0.
 */
class ValidatorTest {
  private static final int TOKENS = 600;

  @Test
  void outputsOfOtherTokensAreNoticed() {
    Validator.Verdict verdict = verdict(1, 2);
    assertThat(verdict.holds()).isFalse();
    assertThat(failed(verdict))
        .contains("outputs = serial recurrence")
        .doesNotContain("outputs = dense definition", "associativity");
    assertThat(verdict(1, 1).holds()).isTrue();
  }

  @Test
  void otherWaysMustGiveWhatTheRecurrenceGives() {
    SparkSession spark = TestSpark.newSession();
    Attention request = Attention.hla2().decay(0.98);
    Dataset<Row> tokens = table(spark, 1);
    Attention.Result job = request.run(tokens);
    OutputSample sample = OutputSample.of(spark, job, TOKENS, 1);
    for (long seed : new long[] {1, 2}) {
      OtherWays others =
          new OtherWays(
              request,
              job.settings(),
              tokens,
              new Phases(spark.sparkContext(), request.observer()),
              sample,
              SerialRecurrence.at(
                  sample, table(spark, seed), request.columns(), job.settings(), Element.FLOAT));
      others.compare();
      assertThat(others.checks().stream().filter(check -> check.name().startsWith("same outputs")))
          .isNotEmpty()
          .allMatch(check -> check.passed() == (seed == 1));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStreamThatCancelsIsRight(Precision precision) {
    SparkSession spark = TestSpark.newSession();
    Dataset<Row> tokens =
        spark
            .range(0, 8192, 1, 3)
            .selectExpr(
                "id as pos",
                "array(0.7f) as q",
                "array(1f) as k",
                "array(cast(1 - 2 * (id % 2) as float)) as v");
    Attention request = Attention.hla2().precision(precision);
    assertThat(failed(new Validator(spark, request, tokens, tokens, 8192, 1, 1).run())).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void outputsThatAreRightAndFarOffCallForFloat64(Precision precision) {
    AttentionSettings settings = AttentionSettings.builder(3, 2).precision(precision).build();
    if (precision == Precision.FLOAT64) {
      assertThat(advice(settings, 1e-3)).isNull();
    } else {
      assertThat(advice(settings, 1e-3)).contains("off by up to 1.0e-03", "float64");
      assertThat(advice(settings, 1e-6)).isNull();
    }
  }

  private static String advice(AttentionSettings settings, double relativeError) {
    Validator.Counts table = new Validator.Counts(1, 1, 1, 1);
    return new Validator.Verdict(settings, List.of(), table, Map.of(), relativeError, List.of(), 16)
        .advice();
  }

  @ParameterizedTest
  @ValueSource(strings = {"array(0f)", "array(1f + id)"})
  void zerosAndStatesThatFadeAtOnceAreProvedToo(String value) {
    SparkSession spark = TestSpark.newSession();
    Dataset<Row> tokens =
        spark
            .range(0, 40, 1, 4)
            .selectExpr("id as pos", "array(1f) as q", "array(0.5f) as k", value + " as v");
    Attention request = Attention.hla2().decay(1e-20);
    assertThat(failed(new Validator(spark, request, tokens, tokens, 100, 1, 1).run())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aFewTokensAndHeadsOfZerosAreProvedToo(int tokens) {
    SparkSession spark = TestSpark.newSession();
    Dataset<Row> table =
        spark
            .range(0, tokens, 1, 2)
            .selectExpr(
                "concat('s', id % 2) as seq",
                "1000 * (id % 2) + id div 2 as pos",
                "array(0f, 0.5f + id) as q",
                "array(0f, 0.25f) as k",
                "array(0f, -1f) as v");
    Attention request = Attention.hla2().numHeads(2);
    assertThat(failed(new Validator(spark, request, table, table, 100, 1, 1).run())).isEmpty();
  }

  @Test
  void jobsAreRunWithOtherRunsPartitionsAndFanIns() {
    Validator.Verdict verdict = verdict(1, 1);
    assertThat(verdict.ways())
        .extracting(Way::kind)
        .contains(Way.Kind.values())
        .filteredOn(kind -> kind == Way.Kind.CUT)
        .hasSize(4);
    assertThat(verdict.ways()).extracting(Way::partitions).contains(2, 5);
    assertThat(verdict.ways()).extracting(Way::fanIn).contains(2, 5, 16);
    List<Way> cut = verdict.ways().stream().filter(way -> way.kind() == Way.Kind.CUT).toList();
    for (int i = 1; i < cut.size(); i++) {
      assertThat(cut.get(i).runs()).isGreaterThan(cut.get(i - 1).runs());
      assertThat(cut.get(i).bytesMoved()).isGreaterThan(cut.get(i - 1).bytesMoved());
    }
    assertThat(verdict.checks())
        .extracting(Check::name)
        .contains("bracketings of real runs agree", "bracketed runs = the job's state");
  }

  @Test
  void whatIsNotANumberPassesNoCheck() {
    assertThat(Check.atMost("x", Double.NaN, 1, "").passed()).isFalse();
    assertThat(Check.caught("x", Double.NaN, 1, "").passed()).isFalse();
    Errors errors = new Errors();
    errors.add(new double[] {1, Double.NaN, 1}, new double[] {1, 1, 1});
    assertThat(errors.relative()).isNaN();
    errors.add(new double[] {1}, new double[] {1, 1});
    assertThat(errors.relative()).isNaN();
  }

  private static List<String> failed(Validator.Verdict verdict) {
    return verdict.checks().stream().filter(c -> !c.passed()).map(Check::name).toList();
  }

  private static Validator.Verdict verdict(long seed, long otherSeed) {
    SparkSession spark = TestSpark.newSession();
    Attention request = Attention.hla2().decay(0.98);
    return new Validator(spark, request, table(spark, seed), table(spark, otherSeed), TOKENS, 1, 1)
        .run();
  }

  private static Dataset<Row> table(SparkSession spark, long seed) {
    return new SyntheticTokens(TOKENS, 1, 1, 1, 3, 2, Distribution.NORMAL, seed).table(spark, 5);
  }
}
