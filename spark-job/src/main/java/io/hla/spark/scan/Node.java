package io.hla.spark.scan;

import io.hla.spark.shuffle.KeyCodec;
import io.hla.spark.shuffle.OrderedShuffle;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;

/**
 * A node of one level of the prefix trees of all sequences.
 *
 * @param sequence number of the sequence
 * @param index place in the level; at the lowest level the rank of a run
 */
public record Node(long sequence, int index) implements Comparable<Node> {

  @Override
  public int compareTo(Node other) {
    return sequence != other.sequence
        ? Long.compare(sequence, other.sequence)
        : Integer.compare(index, other.index);
  }

  Node parent(int fanIn) {
    return new Node(sequence, index / fanIn);
  }

  /** Sends the children of a node to one partition, in order. */
  static JavaPairRDD<Node, byte[]> byParent(
      JavaPairRDD<Node, byte[]> children, int partitions, int fanIn) {
    return OrderedShuffle.of(children, new ByAncestor(partitions, fanIn), Node.class, new Codec());
  }

  /** Sends values of nodes to where {@link #byParent} has their children. */
  static JavaPairRDD<Node, byte[]> toChildren(JavaPairRDD<Node, byte[]> values, int partitions) {
    return OrderedShuffle.of(values, new ByAncestor(partitions, 1), Node.class, new Codec());
  }

  void write(DataOutput out) throws IOException {
    out.writeLong(sequence);
    out.writeInt(index);
  }

  static Node read(DataInput in) throws IOException {
    return new Node(in.readLong(), in.readInt());
  }

  private record Codec() implements KeyCodec<Node> {
    @Override
    public void write(Node node, DataOutput out) throws IOException {
      node.write(out);
    }

    @Override
    public Node read(DataInput in) throws IOException {
      return Node.read(in);
    }
  }

  /** {@code span} is how many nodes share an ancestor. */
  private static final class ByAncestor extends Partitioner {
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
