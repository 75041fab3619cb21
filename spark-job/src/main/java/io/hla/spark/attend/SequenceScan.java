package io.hla.spark.attend;

import io.hla.kernels.State;
import io.hla.kernels.Summary;
import io.hla.spark.scan.PrefixTree;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** From the summaries of runs to the states in front of them, on the driver, one scan step. */
final class SequenceScan {
  private final PrefixTree<State, Summary> tree;
  private final RunPlan plan;

  SequenceScan(RunPlan plan, int fanIn) {
    this.plan = plan;
    this.tree = new PrefixTree<>(new SummaryAction(), fanIn);
  }

  /**
   * @param inFront states in front of runs, by the id of the run
   * @param behind states behind the last summarized run of each sequence, by the sequence's last
   *     run
   */
  record Result(Map<Integer, State> inFront, Map<Integer, State> behind) {}

  /**
   * Scans every sequence.
   *
   * @param first the state in front of a sequence, by its first run
   * @param summaries by the id of the run
   */
  Result scan(Function<PlannedRun, State> first, Map<Integer, byte[]> summaries) {
    Map<Integer, State> inFront = new HashMap<>();
    Map<Integer, State> behind = new HashMap<>();
    for (List<PlannedRun> runs : plan.bySequence().values()) {
      List<Summary> items = new ArrayList<>();
      for (PlannedRun run : runs) {
        if (run.summarized()) {
          byte[] bytes = summaries.get(run.id());
          if (bytes == null) {
            throw new IllegalStateException("no summary came back for run " + run);
          }
          items.add(Summary.fromBytes(bytes));
        }
      }
      List<State> states = tree.states(first.apply(runs.get(0)), items);
      for (int rank = 0; rank < runs.size(); rank++) {
        inFront.put(runs.get(rank).id(), states.get(rank));
      }
      behind.put(runs.get(runs.size() - 1).id(), states.get(states.size() - 1));
    }
    return new Result(inFront, behind);
  }

  private static final class SummaryAction implements PrefixTree.Action<State, Summary> {
    @Override
    public Summary combine(Summary earlier, Summary later) {
      return earlier.combine(later);
    }

    @Override
    public State advance(State state, Summary summary) {
      return state.advance(summary);
    }
  }
}
