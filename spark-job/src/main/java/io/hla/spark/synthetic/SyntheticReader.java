package io.hla.spark.synthetic;

import java.util.ArrayList;
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
  private final List<Vector> vectors = new ArrayList<>();
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
    for (int part = 0; part < 3; part++) {
      add(columns.indexOf("qkv".substring(part, part + 1)), new Numbers(part, widths[part]));
    }
    add(columns.indexOf("g"), new Gates());
    next = partition.start();
    position = -1;
    end = 0;
  }

  private void add(int column, Vector vector) {
    if (column >= 0) {
      vectors.add(vector);
      row.update(column, vector.array());
    }
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
    vectors.forEach(Vector::fill);
    return row;
  }

  @Override
  public void close() {}

  /** One column, and the array of Spark that shows it. */
  private interface Vector {
    UnsafeArrayData array();

    /** Makes its numbers for the token at hand. */
    void fill();
  }

  /** Of q, k or v. */
  private final class Numbers implements Vector {
    private final int part;
    private final float[] numbers;
    private final UnsafeArrayData array;

    Numbers(int part, int width) {
      this.part = part;
      numbers = new float[width];
      array = UnsafeArrayData.fromPrimitiveArray(numbers);
    }

    @Override
    public UnsafeArrayData array() {
      return array;
    }

    @Override
    public void fill() {
      tokens.fill(sequence, position, part, numbers, 0);
      show(numbers, Platform.FLOAT_ARRAY_OFFSET, array, numbers.length, Float.BYTES);
    }
  }

  private final class Gates implements Vector {
    private final double[] gates = new double[tokens.numHeads()];
    private final UnsafeArrayData array = UnsafeArrayData.fromPrimitiveArray(gates);

    @Override
    public UnsafeArrayData array() {
      return array;
    }

    @Override
    public void fill() {
      tokens.fillGates(sequence, position, gates);
      show(gates, Platform.DOUBLE_ARRAY_OFFSET, array, gates.length, Double.BYTES);
    }
  }

  private static void show(
      Object numbers, long offset, UnsafeArrayData array, int count, long bytes) {
    Platform.copyMemory(
        numbers,
        offset,
        array.getBaseObject(),
        array.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(count),
        bytes * count);
  }
}
