package io.hla.spark.validate;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Form;
import io.hla.kernels.Operator;
import io.hla.kernels.Precision;
import io.hla.spark.Attention;
import io.hla.spark.TestSpark;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

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
        .contains("outputs = serial recurrence", "same outputs with fan-in 2")
        .doesNotContain("outputs = dense definition", "associativity");
    assertThat(verdict(1, 1).holds()).isTrue();
  }

  @Test
  void jobsAreRunWithOtherRunsPartitionsAndFanIns() {
    Validator.Verdict verdict = verdict(1, 1);
    assertThat(verdict.ways())
        .extracting(Way::kind)
        .contains(Way.Kind.values())
        .filteredOn(kind -> kind == Way.Kind.CUT)
        .hasSize(4);
    assertThat(verdict.ways()).extracting(Way::partitions).contains(1, 2, 5);
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
  void onlyTheThirdOrderAsPublishedMayLoseDigitsWithTheLength() {
    for (Precision precision : Precision.values()) {
      assertThat(limit(Operator.HLA2, precision, 1_000_000))
          .isEqualTo(limit(Operator.HLA2, precision, 10));
    }
    assertThat(limit(Operator.HLA3, Precision.MIXED, 1_000_000)).isEqualTo(1e-5);
    assertThat(limit(Operator.HLA3, Precision.FLOAT64, 1_000_000)).isEqualTo(1e-7);
  }

  private static double limit(Operator operator, Precision precision, long tokens) {
    return Validator.tolerance(
        AttentionSettings.builder(3, 2)
            .operator(operator)
            .form(Form.PUBLISHED)
            .precision(precision)
            .build(),
        tokens);
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
