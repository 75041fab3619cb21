package io.hla.spark.input;

import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Where the runs of a table lie.
 *
 * @param partitions partitions of the table
 * @param tokens rows of the table
 * @param count runs of the table
 * @param runs all of them, by partition and the order of first rows; empty when {@link #isListed}
 *     is false
 */
public record RunIndex(int partitions, long tokens, long count, List<Run> runs) {

  static RunIndex of(List<RunCutter.Cut> cuts) {
    List<RunCutter.Cut> ordered = new ArrayList<>(cuts);
    ordered.sort(Comparator.comparingInt(RunCutter.Cut::partition));
    long tokens = 0;
    long count = 0;
    boolean listed = true;
    for (RunCutter.Cut cut : ordered) {
      if (cut.problem() != null) {
        throw new InputException("HLA_INPUT_NULL", cut.problem());
      }
      tokens += cut.tokens();
      count += cut.count();
      listed &= cut.count() == cut.runs().size();
    }
    List<Run> runs = new ArrayList<>();
    if (listed) {
      ordered.forEach(cut -> runs.addAll(cut.runs()));
    }
    return new RunIndex(cuts.size(), tokens, count, List.copyOf(runs));
  }

  /** Whether the runs are few enough to be listed. */
  public boolean isListed() {
    return count == runs.size();
  }
}
