package io.hla.spark.extract;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.Platform;

/** Rows as blocks of bytes: the size of a row, then the row as Spark has it in memory. */
final class PackedRows {
  /** About the size of a block. */
  private static final int BLOCK_BYTES = 256 << 10;

  private PackedRows() {}

  /** Rows to blocks. */
  static final class Packer implements Iterator<byte[]> {
    private final Iterator<InternalRow> rows;
    private final UnsafeProjection projection;
    private byte[] block = new byte[BLOCK_BYTES];

    Packer(Iterator<InternalRow> rows, HiddenLayout layout) {
      this.rows = rows;
      projection = UnsafeProjection.create(layout.types().toArray(DataType[]::new));
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public byte[] next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      int size = 0;
      while (size < BLOCK_BYTES && rows.hasNext()) {
        UnsafeRow row = projection.apply(rows.next());
        int end = Math.addExact(size, Integer.BYTES + row.getSizeInBytes());
        if (end > block.length) {
          block = Arrays.copyOf(block, Math.max(end, block.length + block.length / 2));
        }
        ByteBuffer.wrap(block).putInt(size, row.getSizeInBytes());
        Platform.copyMemory(
            row.getBaseObject(),
            row.getBaseOffset(),
            block,
            Platform.BYTE_ARRAY_OFFSET + size + Integer.BYTES,
            row.getSizeInBytes());
        size = end;
      }
      return Arrays.copyOf(block, size);
    }
  }

  /** Blocks to rows; a row is valid until the next one. */
  static final class Reader implements Iterator<InternalRow> {
    private final Iterator<byte[]> blocks;
    private final UnsafeRow row;
    private byte[] block = new byte[0];
    private int next;

    /** {@code columns} of a row. */
    Reader(Iterator<byte[]> blocks, int columns) {
      this.blocks = blocks;
      row = new UnsafeRow(columns);
    }

    @Override
    public boolean hasNext() {
      return next < block.length || blocks.hasNext();
    }

    @Override
    public InternalRow next() {
      if (next == block.length) {
        block = blocks.next();
        next = 0;
      }
      int bytes = ByteBuffer.wrap(block).getInt(next);
      row.pointTo(block, Platform.BYTE_ARRAY_OFFSET + next + Integer.BYTES, bytes);
      next += Integer.BYTES + bytes;
      return row;
    }
  }
}
