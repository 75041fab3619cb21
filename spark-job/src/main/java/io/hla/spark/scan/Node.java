package io.hla.spark.scan;

import java.io.Serializable;
import org.apache.spark.Partitioner;

/**
 * A node of one level of the prefix trees of all sequences.
 *
 * @param sequence ordinal of the sequence
 * @param index place in the level; at the lowest level the rank of a run
 */
public record Node(int sequence, int index) implements Serializable, Comparable<Node> {

  @Override
  public int compareTo(Node other) {
    return sequence != other.sequence
        ? Integer.compare(sequence, other.sequence)
        : Integer.compare(index, other.index);
  }

  Node parent(int fanIn) {
    return new Node(sequence, index / fanIn);
  }

  /** Sends nodes with one ancestor to one partition; {@code span} is how many nodes share it. */
  static final class ByAncestor extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int partitions;
    private final int span;

    ByAncestor(int partitions, int span) {
      this.partitions = partitions;
      this.span = span;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      Node node = (Node) key;
      // Fibonacci hashing: neighbouring groups spread over all partitions.
      long mixed = (31L * node.sequence + node.index / span) * 0x9E3779B97F4A7C15L;
      return (int) ((mixed >>> 33) % partitions);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ByAncestor that && that.partitions == partitions && that.span == span;
    }

    @Override
    public int hashCode() {
      return 31 * partitions + span;
    }
  }
}
