package io.hla.spark.parquet;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridValuesWriter;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;

/** A column of long values of bytes, such as states, which pages hold without a copy. */
final class BytesColumnWriter implements ColumnWriter {
  private static final int INITIAL_BYTES = 64;
  private static final int LARGEST_SLAB = 1 << 16;

  private final ColumnDescriptor column;
  private final int ordinal;
  private final int mostBytes;
  private final int mostRows;
  private final WrittenPages pages;

  /** Whether a row has a value; null where every row must have one. */
  private final RunLengthBitPackingHybridValuesWriter levels;

  private final List<BytesInput> values = new ArrayList<>();
  private long bytes;
  private int rows;

  /**
   * @param schema the file's
   * @param ordinal of the column in rows and among the fields of the schema
   */
  BytesColumnWriter(
      MessageType schema,
      int ordinal,
      ParquetProperties properties,
      BytesInputCompressor compressor,
      WriterBuffers buffers) {
    this.column = schema.getColumnDescription(new String[] {schema.getFieldName(ordinal)});
    this.ordinal = ordinal;
    this.mostBytes = buffers.size();
    this.mostRows = properties.getPageRowCountLimit();
    this.pages = new WrittenPages(column, compressor, buffers);
    this.levels =
        schema.getType(ordinal).isRepetition(Repetition.REQUIRED)
            ? null
            : new RunLengthBitPackingHybridValuesWriter(
                1, INITIAL_BYTES, LARGEST_SLAB, HeapByteBufferAllocator.getInstance());
  }

  @Override
  public void add(InternalRow row) throws IOException {
    byte[] value = row.isNullAt(ordinal) ? null : bytes(row);
    if (value == null && levels == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a row of column %s is null, expected none by its type",
              column.getPath()[0]));
    }
    long size = value == null ? 0 : (long) Integer.BYTES + value.length;
    if (rows == mostRows || (rows > 0 && bytes + size > mostBytes)) {
      endPage();
    }
    if (levels != null) {
      levels.writeInteger(value == null ? 0 : 1);
    }
    if (value != null) {
      ByteBuffer length = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      values.add(BytesInput.from(length.putInt(value.length).array()));
      values.add(BytesInput.from(value));
    }
    bytes += size;
    rows++;
  }

  /** The value, in an array that nobody else has. */
  private byte[] bytes(InternalRow row) {
    byte[] value = row.getBinary(ordinal);
    return row instanceof UnsafeRow ? value : value.clone();
  }

  @Override
  public long bufferedBytes() {
    return pages.bytes() + bytes;
  }

  private void endPage() throws IOException {
    List<BytesInput> all = new ArrayList<>();
    if (levels != null) {
      all.add(BytesInput.from(WriterBuffers.copy(levels.getBytes())));
      levels.reset();
    }
    all.addAll(values);
    pages.add(BytesInput.concat(all), rows, rows, null);
    values.clear();
    bytes = 0;
    rows = 0;
  }

  @Override
  public void flush(ParquetFileWriter file) throws IOException {
    if (rows > 0) {
      endPage();
    }
    pages.flush(file);
  }
}
