package io.hla.spark.runs;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;

/**
 * A run and what it is needed for.
 *
 * @param ordinal its place among the runs of its partition, in the order of first rows
 * @param run where it lies
 * @param sequence number of its sequence in the scan
 * @param rank its place in the sequence; -1 when it takes no part in the scan
 * @param last whether it is the last of its sequence
 * @param summarized whether something behind it needs its summary
 * @param continued whether it is the first of a sequence that goes on from a state
 * @param state the bytes of the state in front of it; null where nothing stands there, or where it
 *     is not known
 */
public record PlannedRun(
    long ordinal,
    Run run,
    long sequence,
    int rank,
    boolean last,
    boolean summarized,
    boolean continued,
    byte[] state) {

  /** A run that no other depends on, in front of which nothing stands. */
  static PlannedRun alone(LocatedRun located) {
    return new PlannedRun(located.ordinal(), located.run(), 0, -1, true, false, false, null);
  }

  /** Whether its state is not that of an empty stream, or something behind it depends on it. */
  public boolean isScanned() {
    return rank >= 0;
  }

  /** Whether nothing stands in front of it. */
  boolean isStart() {
    return !isScanned() || (rank == 0 && !continued);
  }

  /** Where it lies. */
  public Home home() {
    return new Home(run.partition(), ordinal);
  }

  /** The state in front of it, which is that of an empty stream where it has none. */
  public State inFront(AttentionSettings settings) {
    return state == null ? State.initial(settings) : State.fromBytes(state);
  }

  /** The same as the first and the last of a sequence whose summary is wanted. */
  public PlannedRun summarizedAlone() {
    return new PlannedRun(ordinal, run, 0, 0, true, true, false, null);
  }

  /** The same with another state in front of it. */
  public PlannedRun with(byte[] inFront) {
    return new PlannedRun(ordinal, run, sequence, rank, last, summarized, continued, inFront);
  }
}
