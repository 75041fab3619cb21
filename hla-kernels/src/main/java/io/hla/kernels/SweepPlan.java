package io.hla.kernels;

import io.hla.algebra.Program;
import io.hla.algebra.Program.Matrix;
import io.hla.algebra.Program.Read;
import io.hla.algebra.Program.Weighted;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * In which order a batch of tokens goes through a program. A matrix is swept once for all reads
 * whose operands are there by then; should a read need what a later step gives, it is swept again
 * from where it stood.
 */
final class SweepPlan {

  /**
   * One sweep, or the weighting of one signal.
   *
   * @param matrix what is swept; {@link #NONE} for a weighting
   * @param derived the indexes of the derived signals that come of it
   * @param last no later step sweeps the matrix
   */
  record Step(int matrix, List<Integer> derived, boolean last) {
    boolean isSweep() {
      return matrix != NONE;
    }
  }

  private static final int NONE = -1;

  private final Program program;
  private final boolean[] known;
  private final boolean[] done;
  private final List<Step> steps = new ArrayList<>();

  private SweepPlan(Program program) {
    this.program = program;
    known = new boolean[Program.FIRST_DERIVED + program.derived().size()];
    done = new boolean[program.matrices().size()];
    Arrays.fill(known, 0, Program.FIRST_DERIVED, true);
  }

  /** The steps that give all derived signals and update all matrices. */
  static List<Step> of(Program program) {
    SweepPlan plan = new SweepPlan(program);
    for (Step step = plan.next(); step != null; step = plan.next()) {
      plan.add(step);
    }
    return List.copyOf(plan.steps);
  }

  private void add(Step step) {
    steps.add(step);
    for (int derived : step.derived) {
      known[Program.FIRST_DERIVED + derived] = true;
    }
    if (step.isSweep()) {
      done[step.matrix] = step.last;
    }
  }

  /** A weighting, else the first sweep that is the last of its matrix, else any that reads. */
  private Step next() {
    for (int i = 0; i < program.derived().size(); i++) {
      if (program.derived().get(i) instanceof Weighted && isReady(i)) {
        return new Step(NONE, List.of(i), true);
      }
    }
    Step reading = null;
    for (int m = 0; m < done.length; m++) {
      Matrix matrix = program.matrices().get(m);
      if (done[m] || !known[matrix.y()] || !known[matrix.z()]) {
        continue;
      }
      Step step = sweep(m);
      if (step.last) {
        return step;
      }
      if (reading == null && !step.derived.isEmpty()) {
        reading = step;
      }
    }
    return reading;
  }

  private Step sweep(int matrix) {
    List<Integer> ready = new ArrayList<>();
    boolean isLast = true;
    for (int i = 0; i < program.derived().size(); i++) {
      if (program.derived().get(i) instanceof Read read && read.matrix() == matrix) {
        if (isReady(i)) {
          ready.add(i);
        }
        isLast &= isReady(i) || known[Program.FIRST_DERIVED + i];
      }
    }
    return new Step(matrix, List.copyOf(ready), isLast);
  }

  private boolean isReady(int derived) {
    return !known[Program.FIRST_DERIVED + derived] && known[program.derived().get(derived).x()];
  }
}
