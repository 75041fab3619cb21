package io.hla.spark.scan;

import io.hla.spark.InputException;
import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All runs of a table in stream order: by sequence, within a sequence by position, and every
 * sequence covered exactly once. A run's rank is its place in its sequence.
 */
public final class RunTable {
  private final Map<SequenceKey, List<Run>> bySequence;
  private final long tokens;
  private final int runs;

  private RunTable(Map<SequenceKey, List<Run>> bySequence, long tokens, int runs) {
    this.bySequence = bySequence;
    this.tokens = tokens;
    this.runs = runs;
  }

  /**
   * Orders runs and checks that they cover their sequences.
   *
   * @throws InputException HLA_INPUT_GAP, HLA_INPUT_DUPLICATE or HLA_INPUT_OVERLAP
   */
  public static RunTable of(List<Run> runs) {
    Map<SequenceKey, List<Run>> bySequence = new TreeMap<>();
    long tokens = 0;
    for (Run run : runs) {
      bySequence.computeIfAbsent(run.sequence(), key -> new ArrayList<>(1)).add(run);
      tokens += run.length();
    }
    for (List<Run> sequence : bySequence.values()) {
      sequence.sort(Comparator.comparingLong(Run::start).thenComparingLong(Run::length));
      for (int i = 1; i < sequence.size(); i++) {
        checkNeighbours(sequence.get(i - 1), sequence.get(i));
      }
    }
    return new RunTable(bySequence, tokens, runs.size());
  }

  private static void checkNeighbours(Run earlier, Run later) {
    long expected = earlier.end();
    if (later.start() > expected) {
      throw new InputException(
          "HLA_INPUT_GAP",
          String.format(
              "%s ends at position %d and goes on at %d (%d tokens missing)",
              later.sequence(), expected - 1, later.start(), later.start() - expected));
    }
    if (later.start() < expected) {
      long last = Math.min(earlier.end(), later.end()) - 1;
      if (last == later.start()) {
        throw new InputException(
            "HLA_INPUT_DUPLICATE",
            String.format(
                "%s has position %d more than once, expected once", later.sequence(), last));
      }
      throw new InputException(
          "HLA_INPUT_OVERLAP",
          String.format(
              "%s has positions %d to %d more than once, expected once",
              later.sequence(), later.start(), last));
    }
  }

  /** The runs of every sequence, in order. */
  public Map<SequenceKey, List<Run>> bySequence() {
    return Collections.unmodifiableMap(bySequence);
  }

  /** The runs of a sequence that has the most of them; the table has at least one. */
  public List<Run> longest() {
    return bySequence.values().stream()
        .max(Comparator.comparingInt(List::size))
        .orElseThrow(() -> new IllegalStateException("the table has no run"));
  }

  public int sequences() {
    return bySequence.size();
  }

  public int runs() {
    return runs;
  }

  public long tokens() {
    return tokens;
  }
}
