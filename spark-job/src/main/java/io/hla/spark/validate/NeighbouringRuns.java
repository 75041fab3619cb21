package io.hla.spark.validate;

import io.hla.kernels.State;
import io.hla.kernels.Summary;
import io.hla.spark.attend.Attend;
import io.hla.spark.attend.SequenceState;
import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Bracketings of what the scan combines: the summaries of neighbouring runs of the longest
 * sequence, from its middle, and the states that the job has in front of them.
 */
final class NeighbouringRuns {
  private static final int MOST = 16;

  private final Attend.Result job;
  private final List<Run> runs;

  NeighbouringRuns(Attend.Result job) {
    this.job = job;
    List<Run> longest = job.runs().longest();
    int count = Math.min(MOST, longest.size());
    int from = (longest.size() - count) / 2;
    // A copy: sublists do not go to tasks.
    runs = new ArrayList<>(longest.subList(from, from + count));
  }

  /** None where every sequence lies in one run, and nothing is combined. */
  List<Check> checks() {
    if (runs.size() < 2) {
      return List.of();
    }
    List<Summary> items = job.summaries().of(runs);
    Run first = runs.get(0);
    Run last = runs.get(runs.size() - 1);
    Map<Long, State> states = inFrontOf(first, last);
    State inFront = states.getOrDefault(first.start(), State.initial(items.get(0).settings()));
    String place =
        String.format(
            "%,d runs of %s, positions %,d to %,d",
            runs.size(), first.sequence(), first.start(), last.end() - 1);
    State bracketed = inFront.advance(Bracketings.balanced(items.subList(0, items.size() - 1)));
    return List.of(
        Check.atMost(
            "bracketings of real runs agree",
            Bracketings.worst(inFront, items),
            Laws.LIMIT,
            "left, right, balanced and 3 random, " + place),
        Check.atMost(
            "bracketed runs = the job's state",
            Errors.between(bracketed, states.get(last.start()), moved(items.get(0), bracketed)),
            Laws.LIMIT,
            String.format("in front of position %,d", last.start())));
  }

  /** The matrices that the summaries of the first scan step determine. */
  private static List<String> moved(Summary summary, State state) {
    return state.matrices().stream().filter(summary.matrices()::contains).toList();
  }

  private Map<Long, State> inFrontOf(Run first, Run last) {
    SequenceKey sequence = first.sequence();
    Set<Long> starts = Set.of(first.start(), last.start());
    return job
        .prefixes()
        .filter(
            prefix ->
                prefix.state() != null
                    && prefix.sequence().equals(sequence)
                    && starts.contains(prefix.nextPosition()))
        .collect()
        .stream()
        .collect(
            Collectors.toMap(
                SequenceState::nextPosition, prefix -> State.fromBytes(prefix.state())));
  }
}
