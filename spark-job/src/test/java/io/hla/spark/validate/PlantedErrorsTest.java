package io.hla.spark.validate;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.spark.Attention;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.attend.JobParts;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Errors in the passes of real jobs turn the checks red that judge their part, and no others. */
class PlantedErrorsTest {
  private final SparkSession spark = TestSpark.newSession();

  static Stream<AttentionSettings> settings() {
    return Stream.of(
        AttentionSettings.builder(3, 2).heads(2, 1).decay(List.of(0.9, 0.8)).build(),
        AttentionSettings.builder(2, 3)
            .heads(4, 2)
            .decay(List.of(1.0, 0.95, 0.5, 0.5))
            .normalize(true)
            .featureMap(FeatureMap.ELU1)
            .precision(Precision.MIXED)
            .build(),
        AttentionSettings.builder(2, 2)
            .heads(2, 2)
            .decay(List.of(0.9, 0.75))
            .operator(Operator.hla(4))
            .build(),
        AttentionSettings.builder(2, 2)
            .heads(2, 1)
            .decay(List.of(1.0, 0.9))
            .operator(Operator.AHLA)
            .gated(true)
            .precision(Precision.FLOAT32)
            .build());
  }

  static Stream<Arguments> settingsAndPlaces() {
    List<AttentionSettings> all = settings().toList();
    return Stream.of(
        Arguments.of(all.get(0), false),
        Arguments.of(all.get(0), true),
        Arguments.of(all.get(1), false),
        Arguments.of(all.get(2), true),
        Arguments.of(all.get(3), false));
  }

  @ParameterizedTest
  @MethodSource("settingsAndPlaces")
  void exactlyItsJudgeNoticesAnError(AttentionSettings settings, boolean scannedOnExecutors) {
    Trial trial = trial(settings, random(settings), scannedOnExecutors);
    Attention.Result sound = trial.run(JobParts.SOUND);
    assertThat(failed(sound)).isEmpty();
    assertThat(trial.offBy(sound)).isLessThan(1);
    for (PlantedError error : PlantedError.values()) {
      Attention.Result job = trial.run(error.parts(trial, sound).orElseThrow());
      assertThat(failed(job)).as(error.text()).containsExactly(error.judge());
      assertThat(error.matters(trial)).isTrue();
    }
  }

  @Test
  void aJobWithAnErrorIsNotRight() {
    AttentionSettings settings = settings().findFirst().orElseThrow();
    Trial trial = trial(settings, random(settings), false);
    Attention.Result sound = trial.run(JobParts.SOUND);
    for (PlantedError error : PlantedError.values()) {
      // By the bounds of the whole stream, which are wider, the last place may still be right.
      assertThat(trial.offBy(trial.run(error.parts(trial, sound).orElseThrow())))
          .as(error.text())
          .isGreaterThan(error == PlantedError.OUTPUT ? 0.05 : 1000);
    }
  }

  /** The place is the run, or the one behind it where the state stands that is wrong first. */
  @Test
  void theErrorIsFoundWhereItIs() {
    AttentionSettings settings = settings().findFirst().orElseThrow();
    Trial trial = trial(settings, random(settings), false);
    int run = trial.middleRun();
    Map<String, Check> found = byError(settings, random(settings));
    assertThat(found.get("an output changed in its last place").detail())
        .contains("position " + (trial.start(run) + trial.start(run + 1)) / 2 + " of");
    assertThat(found.get("an output changed in its last place").error()).isBetween(1.0, 1.1);
    for (String error : List.of("the decay of another head", "a run without the state in front")) {
      assertThat(found.get(error).detail())
          .matches(
              detail -> trial.start(run) <= place(detail) && place(detail) < trial.start(run + 1));
    }
  }

  private static int place(String detail) {
    return Integer.parseInt(detail.replaceAll("(?s).*position (\\d+) of.*", "$1"));
  }

  @Test
  void decaysOfHeadsThatDecayAlikeAreExchangedOnRandomTokens() {
    AttentionSettings settings = AttentionSettings.builder(2, 2).decay(0.9).build();
    Map<String, Check> found = byError(settings, random(settings));
    assertThat(found.values()).allMatch(Check::passed).allMatch(Check::isControl);
    assertThat(found.get("the decay of another head").detail()).contains("random tokens");
    found.remove("the decay of another head");
    assertThat(found.values()).allMatch(check -> check.detail().contains("tokens of the test"));
  }

  @ParameterizedTest
  @CsvSource({"0, 200", "1, 5", "1, 0"})
  void whatTheInputHidesIsNoticedOnRandomTokens(double number, int count) {
    AttentionSettings settings =
        AttentionSettings.builder(2, 2).heads(2, 1).decay(List.of(0.9, 0.8)).build();
    Map<String, Check> found = byError(settings, constant(settings, count, number));
    assertThat(found.values()).hasSize(7).allMatch(Check::passed).allMatch(Check::isControl);
    assertThat(found.get("two runs swapped").detail()).contains("random tokens");
  }

  @Test
  void statesThatFadeAtOnceReachNoOutput() {
    AttentionSettings settings = AttentionSettings.builder(1, 1).decay(1e-20).build();
    Map<String, Check> found = byError(settings, random(settings));
    assertThat(found.values()).allMatch(Check::passed).allMatch(Check::isControl);
    assertThat(found.get("a run without the state in front").detail()).contains("random tokens");
  }

  @Test
  void whatCannotMatterIsSaid() {
    AttentionSettings settings =
        AttentionSettings.builder(2, 2)
            .heads(2, 2)
            .decay(List.of(0.9, 0.8))
            .operator(Operator.program("o = LA(q, k, v, 1)"))
            .build();
    Map<String, Check> found = byError(settings, random(settings));
    assertThat(found.values()).allMatch(Check::passed);
    assertThat(
            found.entrySet().stream()
                .filter(check -> !check.getValue().applies())
                .map(Map.Entry::getKey))
        .containsExactlyInAnyOrder("the decay of another head", "summaries in the wrong order");
  }

  static Stream<AttentionSettings> others() {
    return Stream.of(
        AttentionSettings.builder(2, 2).operator(Operator.LINEAR).build(),
        AttentionSettings.builder(2, 2).mask(Mask.NONE).normalize(true).build(),
        AttentionSettings.builder(2, 2).operator(Operator.HLA3).form(Form.PUBLISHED).build(),
        AttentionSettings.builder(2, 2).ridge(0.5).build());
  }

  @ParameterizedTest
  @MethodSource("others")
  void everyOperatorIsJudged(AttentionSettings settings) {
    assertThat(byError(settings, random(settings)).values())
        .allMatch(Check::passed)
        .allMatch(Check::isControl);
  }

  private Tokens random(AttentionSettings settings) {
    return Tokens.random(settings, Trial.size(settings), 3);
  }

  private static Tokens constant(AttentionSettings settings, int count, double number) {
    return new Tokens(
        count,
        filled(count * settings.queryWidth(), number),
        filled(count * settings.keyWidth(), number),
        filled(count * settings.valueWidth(), number),
        null);
  }

  private static double[] filled(int length, double number) {
    double[] numbers = new double[length];
    Arrays.fill(numbers, number);
    return numbers;
  }

  private Trial trial(AttentionSettings settings, Tokens tokens, boolean scannedOnExecutors) {
    Attention request = TestJob.request(settings);
    return new Trial(
        spark,
        request.compute(request.compute().scannedOn(scannedOnExecutors)),
        settings,
        tokens,
        "tokens of the test");
  }

  private Map<String, Check> byError(AttentionSettings settings, Tokens tokens) {
    return new PlantedErrors(
            spark, TestJob.request(settings), settings, tokens, "tokens of the test")
        .checks().stream()
            .filter(check -> check.name().startsWith("planted: "))
            .collect(
                Collectors.toMap(
                    check -> check.name().substring("planted: ".length()), check -> check));
  }

  private static List<String> failed(Attention.Result job) {
    return new Induction(job, 1, 0)
        .checks().stream().filter(check -> !check.passed()).map(Check::name).toList();
  }
}
