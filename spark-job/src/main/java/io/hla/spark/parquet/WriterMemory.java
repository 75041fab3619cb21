package io.hla.spark.parquet;

import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetOutputFormat;

/**
 * One writer's share of the heap. As with Parquet's own writers, row groups become smaller when
 * more writers are open in this JVM than {@code parquet.memory.pool.ratio} of the heap has room
 * for; {@code parquet.memory.min.chunk.size} is the least that a writer gets.
 */
final class WriterMemory implements AutoCloseable {
  // Parquet's own defaults are not public.
  private static final float DEFAULT_RATIO = 0.95f;
  private static final long DEFAULT_LEAST = 1 << 20;

  private static final AtomicLong REQUESTED = new AtomicLong();

  private final long requested;
  private final long least;
  private final double pool;
  private boolean closed;

  /** Room for row groups of {@code requested} bytes. */
  WriterMemory(Configuration conf, long requested) {
    this(
        requested,
        conf.getLong(ParquetOutputFormat.MIN_MEMORY_ALLOCATION, DEFAULT_LEAST),
        (double) conf.getFloat(ParquetOutputFormat.MEMORY_POOL_RATIO, DEFAULT_RATIO)
            * Runtime.getRuntime().maxMemory());
  }

  WriterMemory(long requested, long least, double pool) {
    this.requested = requested;
    this.least = Math.min(least, requested);
    this.pool = pool;
    REQUESTED.addAndGet(requested);
  }

  /** Bytes that a row group may have now. */
  long rowGroupBytes() {
    double share = pool / REQUESTED.get();
    return share >= 1 ? requested : Math.max(least, (long) (requested * share));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      REQUESTED.addAndGet(-requested);
    }
  }
}
