package io.hla.spark.runs;

import io.hla.spark.shuffle.KeyCodec;
import io.hla.spark.shuffle.OrderedShuffle;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;

/**
 * Where a run lies.
 *
 * @param partition of the tokens
 * @param ordinal of the run there, in the order of first rows
 */
public record Home(int partition, long ordinal) implements Comparable<Home> {

  @Override
  public int compareTo(Home other) {
    return partition != other.partition
        ? Integer.compare(partition, other.partition)
        : Long.compare(ordinal, other.ordinal);
  }

  /** Brings values to the partitions of their runs, in the order of the runs. */
  public static JavaPairRDD<Home, byte[]> bring(JavaPairRDD<Home, byte[]> values, int partitions) {
    return OrderedShuffle.of(values, new ToPartition(partitions), Home.class, new Codec());
  }

  private record Codec() implements KeyCodec<Home> {
    @Override
    public void write(Home home, DataOutput out) throws IOException {
      out.writeInt(home.partition);
      out.writeLong(home.ordinal);
    }

    @Override
    public Home read(DataInput in) throws IOException {
      return new Home(in.readInt(), in.readLong());
    }
  }

  private static final class ToPartition extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int partitions;

    ToPartition(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      return ((Home) key).partition();
    }
  }
}
