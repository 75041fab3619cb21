package io.hla.spark.synthetic;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;

/** Indexes of partitions to the rows of {@link SyntheticTokens#table}. */
record MakeRows(SyntheticTokens stream, int partitions)
    implements FlatMapFunction<Iterator<Integer>, InternalRow> {

  @Override
  public Iterator<InternalRow> call(Iterator<Integer> indexes) {
    int partition = indexes.next();
    return new Tokens(stream, start(partition), start(partition + 1L));
  }

  private long start(long partition) {
    long tokens = stream.tokens();
    return partition * (tokens / partitions) + Math.min(partition, tokens % partitions);
  }

  private static final class Tokens implements Iterator<InternalRow> {
    private final SyntheticTokens stream;
    private final float[] query;
    private final float[] key;
    private final float[] value;
    private long left;
    private long sequence;
    private long position;

    /** Tokens {@code start} to {@code end - 1} of all, in the order of (seq, pos). */
    Tokens(SyntheticTokens stream, long start, long end) {
      this.stream = stream;
      query = new float[stream.queryWidth()];
      key = new float[stream.keyWidth()];
      value = new float[stream.valueWidth()];
      left = end - start;
      long longer = stream.tokens() % stream.sequences();
      long length = stream.tokens() / stream.sequences();
      long ofLonger = longer * (length + 1);
      if (start < ofLonger) {
        sequence = start / (length + 1);
        position = start % (length + 1);
      } else if (length > 0) {
        sequence = longer + (start - ofLonger) / length;
        position = (start - ofLonger) % length;
      }
    }

    @Override
    public boolean hasNext() {
      return left > 0;
    }

    @Override
    public InternalRow next() {
      if (left == 0) {
        throw new NoSuchElementException();
      }
      stream.fill(sequence, position, 1, query, key, value);
      InternalRow row =
          new GenericInternalRow(
              new Object[] {
                sequence,
                position,
                UnsafeArrayData.fromPrimitiveArray(query),
                UnsafeArrayData.fromPrimitiveArray(key),
                UnsafeArrayData.fromPrimitiveArray(value)
              });
      left--;
      position++;
      if (position == stream.length(sequence)) {
        sequence++;
        position = 0;
      }
      return row;
    }
  }
}
