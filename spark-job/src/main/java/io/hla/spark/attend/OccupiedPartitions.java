package io.hla.spark.attend;

import java.io.Serializable;
import java.util.BitSet;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionPruningRDD;
import org.apache.spark.rdd.RDD;
import scala.runtime.AbstractFunction1;

/**
 * The partitions that hold tokens. Splits of files in which no row group starts hold none, and are
 * as many as half of all; a task for each of them would cost ten milliseconds and more.
 */
public record OccupiedPartitions(BitSet numbers) {

  static OccupiedPartitions all(int partitions) {
    BitSet numbers = new BitSet(partitions);
    numbers.set(0, partitions);
    return new OccupiedPartitions(numbers);
  }

  /** An RDD without its other partitions, in the same order. */
  public <T> JavaRDD<T> of(JavaRDD<T> all) {
    if (numbers.cardinality() == all.getNumPartitions()) {
      return all;
    }
    RDD<T> pruned = PartitionPruningRDD.create(all.rdd(), new IsOneOf(numbers));
    return JavaRDD.fromRDD(pruned, all.classTag());
  }

  /** Asked on the driver alone, so that tasks do without the numbers. */
  private static final class IsOneOf extends AbstractFunction1<Object, Object>
      implements Serializable {
    private static final long serialVersionUID = 1L;

    private final transient BitSet numbers;

    IsOneOf(BitSet numbers) {
      this.numbers = numbers;
    }

    @Override
    public Object apply(Object partition) {
      return numbers.get((Integer) partition);
    }
  }
}
