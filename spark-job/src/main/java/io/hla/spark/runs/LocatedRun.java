package io.hla.spark.runs;

/**
 * A run as it lies in its partition.
 *
 * @param ordinal its place among the runs of the partition, in the order of first rows
 */
record LocatedRun(Run run, long ordinal) implements Comparable<LocatedRun> {

  Home home() {
    return new Home(run.partition(), ordinal);
  }

  /** By sequence, within a sequence by position. */
  @Override
  public int compareTo(LocatedRun other) {
    int bySequence = run.sequence().compareTo(other.run.sequence());
    if (bySequence != 0) {
      return bySequence;
    }
    int byStart = Long.compare(run.start(), other.run.start());
    return byStart != 0 ? byStart : Long.compare(run.length(), other.run.length());
  }
}
