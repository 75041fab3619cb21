package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Element;
import io.hla.kernels.Kernels;
import io.hla.kernels.Recomputation;
import io.hla.spark.Attention;
import io.hla.spark.attend.JobParts;
import io.hla.spark.passes.Expected;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is made wrong on purpose in the passes of a job, and the one check of {@link Induction} that
 * judges the part in which it is. The other one must not notice: outputs are judged by the state
 * that their run was given, a state by the one in front of the run before it.
 */
enum PlantedError {
  OUTPUT("an output changed in its last place", Induction.OUTPUTS) {
    @Override
    Optional<JobParts> parts(Trial trial, Attention.Result sound) {
      return wrongOutput(trial, Trial.states(sound));
    }
  },

  DECAY("the decay of another head", Induction.OUTPUTS) {
    @Override
    Optional<JobParts> parts(Trial trial, Attention.Result sound) {
      List<Double> exchanged = exchanged(trial.settings());
      return exchanged.equals(trial.settings().decay())
          ? Optional.empty()
          : Optional.of(
              new WrongParts.RunWithDecay(
                  trial.middleRun(), trial.settings().withDecay(exchanged)));
    }

    @Override
    boolean matters(Trial trial) {
      AttentionSettings settings = trial.settings();
      Recomputation right = new Recomputation(State.initial(settings));
      Recomputation wrong =
          new Recomputation(State.initial(settings.withDecay(exchanged(settings))));
      boolean differ = false;
      for (int t = 0; t < trial.tokens().count(); t++) {
        trial.tokens().feed(right, settings, t);
        trial.tokens().feed(wrong, settings, t);
        differ |= !Arrays.equals(right.expected(), wrong.expected());
      }
      return differ;
    }
  },

  NO_STATE("a run without the state in front", Induction.OUTPUTS) {
    @Override
    Optional<JobParts> parts(Trial trial, Attention.Result sound) {
      return Optional.of(new WrongParts.RunWithoutState(trial.middleRun()));
    }
  },

  STATE_OF_RUN_BEFORE("the state of the run before", Induction.STATES) {
    @Override
    Optional<JobParts> parts(Trial trial, Attention.Result sound) {
      return Optional.of(new WrongParts.StateOfRunBefore(trial.middleRun()));
    }
  },

  SWAPPED_RUNS("two runs swapped", Induction.STATES) {
    @Override
    Optional<JobParts> parts(Trial trial, Attention.Result sound) {
      return Optional.of(new WrongParts.SwappedRuns(trial.middleRun()));
    }
  },

  MISSING_SUMMARY("a summary left out", Induction.STATES) {
    @Override
    Optional<JobParts> parts(Trial trial, Attention.Result sound) {
      return Optional.of(new WrongParts.MissingSummary(trial.middleRun(), trial.settings()));
    }
  },

  WRONG_ORDER("summaries in the wrong order", Induction.STATES) {
    @Override
    Optional<JobParts> parts(Trial trial, Attention.Result sound) {
      return Optional.of(new WrongParts.WrongOrder());
    }

    @Override
    boolean matters(Trial trial) {
      return !commutes(trial);
    }
  };

  private final String text;
  private final String judge;

  PlantedError(String text, String judge) {
    this.text = text;
    this.judge = judge;
  }

  /** For people. */
  String text() {
    return text;
  }

  /** The name of the check that must not hold. */
  String judge() {
    return judge;
  }

  /**
   * The parts of a job with this error in them.
   *
   * @param sound the job of the trial without an error
   * @return empty if the trial leaves no room for the error
   */
  abstract Optional<JobParts> parts(Trial trial, Attention.Result sound);

  /** Whether numbers of such a trial differ because of the error, by the algebra alone. */
  boolean matters(Trial trial) {
    return true;
  }

  /** The decays, every head with that of the next. */
  private static List<Double> exchanged(AttentionSettings settings) {
    List<Double> decay = new ArrayList<>(settings.decay());
    Collections.rotate(decay, -1);
    return decay;
  }

  /** The number of the output's type next to all that rounding allows, in one place. */
  private static Optional<JobParts> wrongOutput(Trial trial, Map<Long, State> states) {
    AttentionSettings settings = trial.settings();
    Element output = trial.request().outputType();
    int from = trial.start(trial.middleRun());
    int to = trial.start(trial.middleRun() + 1);
    int middle = (from + to) / 2;
    Recomputation stream = new Recomputation(states.get((long) from));
    for (int t = from; t <= middle; t++) {
      trial.tokens().feed(stream, settings, t);
    }
    Expected expected = Expected.of(stream, settings, output);
    for (int i = 0; i < expected.values().length; i++) {
      double wrong = next(expected.most(i), output);
      while (expected.offBy(i, wrong) <= 1 && Double.isFinite(wrong)) {
        wrong = next(wrong, output);
      }
      if (Double.isFinite(wrong)) {
        return Optional.of(new WrongParts.WrongOutput(middle, i, wrong, output));
      }
    }
    return Optional.empty();
  }

  private static double next(double number, Element output) {
    return output == Element.DOUBLE ? Math.nextUp(number) : Math.nextUp((float) number);
  }

  /** Whether summaries of the two halves of the tokens may be combined in any order. */
  private static boolean commutes(Trial trial) {
    AttentionSettings settings = trial.settings();
    AttentionKernel kernel =
        Kernels.choose(
            trial.request().compute().kernels(), trial.request().compute().instructionSet());
    int half = trial.tokens().count() / 2;
    State zero = State.initial(settings);
    boolean commutes = true;
    for (int step = 0; step < Summary.steps(settings); step++) {
      Summary one = trial.tokens().slice(settings, 0, half).summary(kernel, step, zero);
      Summary other = trial.tokens().slice(settings, half, 2 * half).summary(kernel, step, zero);
      // Sums of two matrices are the same in both orders, to the bit.
      commutes &= Arrays.equals(one.combine(other).values(), other.combine(one).values());
    }
    return commutes;
  }
}
