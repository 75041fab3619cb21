package io.hla.spark.validate;

/**
 * One way in which the job was run, and what it took.
 *
 * @param kind what was different
 * @param name the same with its numbers
 * @param tokens tokens of all sequences
 * @param runs runs of all sequences
 * @param partitions partitions of the tokens
 * @param fanIn children of a node of the tree
 * @param seconds from the index to the last output
 * @param bytesMoved bytes of summaries and states that the scan moved
 */
public record Way(
    Kind kind,
    String name,
    long tokens,
    long runs,
    int partitions,
    int fanIn,
    double seconds,
    long bytesMoved) {

  /** What is different from the job as {@code attend} runs it. */
  public enum Kind {
    STORED("runs as stored"),
    CUT("stored runs cut shorter"),
    FAN_IN("another fan-in"),
    COALESCED("fewer partitions"),
    SORTED("sorted first"),
    DRIVER("scan on the driver"),
    EXECUTORS("scan on executors");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    /** For people. */
    public String text() {
      return text;
    }
  }
}
