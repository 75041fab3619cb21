package io.hla.spark.runs;

import io.hla.spark.state.SequenceState;

/**
 * A run and its place in the stream.
 *
 * @param sequence number of the sequence
 * @param rank of the run in the sequence
 * @param last whether no run follows
 * @param continued the state that the sequence goes on from, or null; at its first run alone
 * @param scanned whether the run takes part in the scan
 */
record OrderedRun(
    LocatedRun located,
    long sequence,
    int rank,
    boolean last,
    SequenceState continued,
    boolean scanned) {

  /** What the scan needs it for. */
  PlannedRun planned(boolean withFinal) {
    return new PlannedRun(
        located.ordinal(),
        located.run(),
        sequence,
        rank,
        last,
        withFinal || !last,
        continued != null,
        null);
  }
}
