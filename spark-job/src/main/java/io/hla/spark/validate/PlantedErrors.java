package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.Attention;
import io.hla.spark.attend.JobParts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;

/**
 * Small jobs, each with one {@link PlantedError} in its passes, on tokens of the input. Of the
 * checks of {@link Induction} exactly that one must fail which judges the part with the error in
 * it. Where the input hides an error, as zeros do, the job is right all the same; then, and only
 * then, random tokens are taken, with heads that decay differently.
 */
final class PlantedErrors {
  private static final double[] DECAYS = {0.9, 0.75};
  private static final long SEED = 1;

  /** How far a job may be from the recurrence before an error in it counts as one. */
  private static final double RIGHT = 2;

  private final SparkSession spark;
  private final Attention request;
  private final AttentionSettings settings;
  private final Tokens input;
  private final String where;
  private Tried onInput;
  private Tried onRandom;

  /**
   * @param request how the jobs are run
   * @param settings of the request, with the sizes of heads
   * @param input consecutive tokens, the first of their sequence, some {@link Trial#size}
   * @param where these are, for people
   */
  PlantedErrors(
      SparkSession spark,
      Attention request,
      AttentionSettings settings,
      Tokens input,
      String where) {
    this.spark = spark;
    this.request = request;
    this.settings = settings;
    this.input = input;
    this.where = where;
  }

  /** A trial and its job without an error. */
  private record Tried(Trial trial, Attention.Result sound) {}

  /** What came of an error; {@code check} is null where the tokens of the trial hide it. */
  private record Outcome(Check check) {
    static final Outcome HIDDEN = new Outcome(null);
  }

  List<Check> checks() {
    List<Check> checks = new ArrayList<>();
    onInput = Trial.isEnough(input.count()) ? tried(request, settings, input, where) : null;
    onRandom = onInput == null ? random() : null;
    checks.add(sound(onInput == null ? onRandom : onInput));
    for (PlantedError error : PlantedError.values()) {
      checks.add(check(error));
    }
    return checks;
  }

  private Tried tried(Attention job, AttentionSettings sized, Tokens tokens, String place) {
    Trial trial = new Trial(spark, job, sized, tokens, place);
    return new Tried(trial, trial.run(JobParts.SOUND));
  }

  /** Random tokens for the same operator, of two heads at least. */
  private Tried random() {
    int heads = settings.numHeads();
    Attention job = heads > 1 ? request : request.numHeads(2).numKvHeads(2);
    double[] decay = new double[job.numHeads()];
    for (int head = 0; head < decay.length; head++) {
      decay[head] = DECAYS[head % DECAYS.length];
    }
    job = job.decay(decay);
    AttentionSettings sized = job.settings(settings.headDim(), settings.valueDim());
    Tokens tokens = Tokens.random(sized, Trial.size(sized), SEED);
    return tried(job, sized, tokens, "random tokens");
  }

  /** Without an error both checks hold; else what is planted shows nothing. */
  private static Check sound(Tried tried) {
    List<Check> checks = induction(tried.sound());
    double worst = checks.stream().mapToDouble(Check::error).reduce(0, Math::max);
    return Check.atMost(
        "the jobs below without an error",
        checks.stream().allMatch(Check::passed) ? worst : Double.NaN,
        1,
        "outputs and states, " + tried.trial().where());
  }

  private static List<Check> induction(Attention.Result job) {
    return new Induction(job, 1, SEED).checks();
  }

  private Check check(PlantedError error) {
    if (onInput != null) {
      Outcome outcome = outcome(error, onInput);
      if (outcome.check() != null) {
        return outcome.check();
      }
    }
    if (onRandom == null) {
      onRandom = random();
    }
    Outcome outcome = outcome(error, onRandom);
    if (outcome.check() != null) {
      return outcome.check();
    }
    String name = "planted: " + error.text();
    return error.matters(onRandom.trial())
        ? Check.refused(name, false, "nothing noticed it, on " + onRandom.trial().where())
        : Check.absent(name, "no number of this operator depends on it");
  }

  private Outcome outcome(PlantedError error, Tried tried) {
    Optional<JobParts> parts = error.parts(tried.trial(), tried.sound());
    if (parts.isEmpty()) {
      return Outcome.HIDDEN;
    }
    Attention.Result job = tried.trial().run(parts.get());
    List<Check> checks = induction(job);
    List<Check> failed = checks.stream().filter(check -> !check.passed()).toList();
    if (failed.isEmpty() && tried.trial().offBy(job) <= RIGHT) {
      return Outcome.HIDDEN;
    }
    boolean exactly = failed.size() == 1 && failed.get(0).name().equals(error.judge());
    double worst = failed.stream().mapToDouble(Check::error).reduce(0, Math::max);
    String detail =
        exactly
            ? String.format(
                Locale.ROOT,
                "by \"%s\" alone: %s; %s",
                error.judge(),
                failed.get(0).detail(),
                tried.trial().where())
            : String.format(
                Locale.ROOT,
                "%s do not hold, expected \"%s\" alone; %s",
                failed.stream().map(Check::name).toList(),
                error.judge(),
                tried.trial().where());
    return new Outcome(Check.caught("planted: " + error.text(), exactly, worst, 1, detail));
  }
}
