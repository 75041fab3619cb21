package io.hla.spark.shuffle;

import java.io.Serializable;
import java.util.Comparator;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.rdd.ShuffledRDD;
import scala.math.Ordering;
import scala.math.Ordering$;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Sends every pair to the partition of its key; within a partition keys arrive in order. */
public final class OrderedShuffle {
  private static final ClassTag<byte[]> BYTES = ClassTag$.MODULE$.apply(byte[].class);

  private OrderedShuffle() {}

  public static <K extends Comparable<K>> JavaPairRDD<K, byte[]> of(
      JavaPairRDD<K, byte[]> pairs, Partitioner partitioner, Class<K> type, KeyCodec<K> codec) {
    ClassTag<K> keys = ClassTag$.MODULE$.apply(type);
    Comparator<K> byValue = new ByValue<>();
    Ordering<K> order = Ordering$.MODULE$.comparatorToOrdering(byValue);
    return JavaPairRDD.fromRDD(
        new ShuffledRDD<K, byte[], byte[]>(pairs.rdd(), partitioner, keys, BYTES, BYTES)
            .setKeyOrdering(order)
            .setSerializer(new PairSerializer<>(codec)),
        keys,
        BYTES);
  }

  /** Serializable, as Java's own natural order is only by chance. */
  private record ByValue<K extends Comparable<K>>() implements Comparator<K>, Serializable {
    @Override
    public int compare(K one, K other) {
      return one.compareTo(other);
    }
  }
}
