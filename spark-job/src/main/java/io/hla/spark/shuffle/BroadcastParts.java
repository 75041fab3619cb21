package io.hla.spark.shuffle;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** Small values of the driver as an RDD, each in its partition, without a stage of its own. */
public final class BroadcastParts {
  private BroadcastParts() {}

  /** {@code parts} are the values of each partition, in their order. */
  public static JavaRDD<byte[]> of(JavaSparkContext context, List<List<byte[]>> parts) {
    byte[][] packed = new byte[parts.size()][];
    for (int p = 0; p < packed.length; p++) {
      List<byte[]> values = parts.get(p);
      packed[p] =
          Packing.pack(
              out -> {
                out.writeInt(values.size());
                for (byte[] value : values) {
                  Packing.writeBytes(out, value);
                }
              });
    }
    Broadcast<byte[][]> shared = context.broadcast(packed);
    if (packed.length == 0) {
      return context.emptyRDD();
    }
    return context
        .parallelize(IntStream.range(0, packed.length).boxed().toList(), packed.length)
        .mapPartitionsWithIndex(
            (p, none) ->
                Packing.unpack(
                    shared.value()[p],
                    in -> {
                      List<byte[]> values = new ArrayList<>();
                      for (int i = in.readInt(); i > 0; i--) {
                        values.add(Packing.readBytes(in));
                      }
                      return values.iterator();
                    }),
            true);
  }
}
