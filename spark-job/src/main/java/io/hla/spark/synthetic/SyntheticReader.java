package io.hla.spark.synthetic;

import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.unsafe.Platform;

/** The rows of one partition. The row object and its arrays are used again for the next one. */
final class SyntheticReader implements PartitionReader<InternalRow> {
  private final SyntheticTokens tokens;
  private final ScanRange wanted;
  private final SyntheticScan.Partition partition;
  private final int sequenceAt;
  private final int positionAt;
  private final Vector[] vectors = new Vector[3];
  private final GenericInternalRow row;
  private long next;
  private long sequence;
  private long position;
  private long end;

  SyntheticReader(
      SyntheticTokens tokens,
      ScanRange wanted,
      List<String> columns,
      SyntheticScan.Partition partition) {
    this.tokens = tokens;
    this.wanted = wanted;
    this.partition = partition;
    row = new GenericInternalRow(columns.size());
    sequenceAt = columns.indexOf("seq");
    positionAt = columns.indexOf("pos");
    int[] widths = {tokens.queryWidth(), tokens.keyWidth(), tokens.valueWidth()};
    for (int i = 0; i < 3; i++) {
      int at = columns.indexOf("qkv".substring(i, i + 1));
      if (at >= 0) {
        vectors[i] = new Vector(widths[i]);
        row.update(at, vectors[i].array);
      }
    }
    next = partition.start();
    position = -1;
    end = 0;
  }

  @Override
  public boolean next() {
    position++;
    if (position >= end) {
      next = tokens.next(next, wanted);
      if (next >= partition.end()) {
        return false;
      }
      sequence = tokens.sequenceOf(next);
      position = next - tokens.start(sequence);
      end = Math.min(tokens.length(sequence), position + partition.end() - next);
      end = wanted.lastPosition() < end ? wanted.lastPosition() + 1 : end;
      next += end - position;
      if (sequenceAt >= 0) {
        row.update(sequenceAt, sequence);
      }
    }
    return true;
  }

  @Override
  public InternalRow get() {
    if (positionAt >= 0) {
      row.update(positionAt, position);
    }
    for (int part = 0; part < 3; part++) {
      if (vectors[part] != null) {
        vectors[part].fill(part);
      }
    }
    return row;
  }

  @Override
  public void close() {}

  /** One column of numbers, and the array of Spark that shows it. */
  private final class Vector {
    private final float[] numbers;
    private final UnsafeArrayData array;

    Vector(int width) {
      numbers = new float[width];
      array = UnsafeArrayData.fromPrimitiveArray(numbers);
    }

    void fill(int part) {
      tokens.fill(sequence, position, part, numbers, 0);
      Platform.copyMemory(
          numbers,
          Platform.FLOAT_ARRAY_OFFSET,
          array.getBaseObject(),
          array.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(numbers.length),
          (long) Float.BYTES * numbers.length);
    }
  }
}
