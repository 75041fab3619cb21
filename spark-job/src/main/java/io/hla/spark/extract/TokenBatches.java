package io.hla.spark.extract;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.metric.SQLMetric;

/**
 * Rows made from the rows of a partition, a batch of tokens at a time. What becomes of a token does
 * not depend on others, so neither do batches have an influence on bits. A row is valid until the
 * next one. Behind their end the rows may begin again.
 */
abstract class TokenBatches implements Iterator<InternalRow> {
  /** Tokens of a batch: its weights are read once for all of them. */
  static final int CAPACITY = 256;

  private final Iterator<InternalRow> rows;
  private final int capacity;
  private SQLMetric time;
  private int size;
  private int next;

  TokenBatches(Iterator<InternalRow> rows, int capacity) {
    this.rows = rows;
    this.capacity = capacity;
  }

  /** Counts the time that batches are computed. */
  final void countTime(SQLMetric metric) {
    time = metric;
  }

  /** Takes what it needs of a row; the row is used again behind it. */
  abstract void read(InternalRow row, int token);

  /** Computes the tokens that were read. */
  abstract void compute(int tokens);

  /** The row of a token. */
  abstract InternalRow row(int token);

  @Override
  public final boolean hasNext() {
    if (next < size) {
      return true;
    }
    // Rows end once: what reads on behind their end may find its resources closed.
    size = 0;
    next = 0;
    while (size < capacity && rows.hasNext()) {
      read(rows.next(), size);
      size++;
    }
    if (size > 0) {
      long start = System.nanoTime();
      compute(size);
      if (time != null) {
        time.add(System.nanoTime() - start);
      }
    }
    return size > 0;
  }

  @Override
  public final InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return row(next++);
  }
}
