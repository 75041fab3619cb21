package io.hla.spark.parquet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.Platform;

/** The pages of one column of vectors, held until the row group ends. */
final class VectorColumnWriter {
  private final ColumnDescriptor column;
  private final int ordinal;
  private final ListLevels levels;
  private final VectorPageWriter page;
  private final BytesInputCompressor compressor;
  private final WriterBuffers buffers;
  private final List<Page> pages = new ArrayList<>();
  private long pagesBytes;
  private long entries;

  /** A page as it goes to the file; {@code buffer} is what it looks into, or null. */
  private record Page(
      BytesInput bytes, int uncompressedBytes, int entries, int rows, byte[] buffer) {}

  /**
   * @param schema the file's
   * @param ordinal of the column in rows and among the fields of the schema
   */
  VectorColumnWriter(
      MessageType schema,
      int ordinal,
      ParquetProperties properties,
      BytesInputCompressor compressor,
      WriterBuffers buffers) {
    String name = schema.getFieldName(ordinal);
    this.column = schema.getColumnDescription(new String[] {name, "list", "element"});
    this.ordinal = ordinal;
    this.levels = ListLevels.of(schema, column);
    this.compressor = compressor;
    this.buffers = buffers;
    boolean isFloat = column.getPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.FLOAT;
    page =
        new VectorPageWriter(
            levels,
            isFloat ? Float.BYTES : Double.BYTES,
            properties.getPageRowCountLimit(),
            properties.getPageValueCountThreshold(),
            buffers);
  }

  /** Bytes that are held. */
  long bufferedBytes() {
    return pagesBytes + page.size();
  }

  /**
   * Takes the vector of a row.
   *
   * @throws IllegalArgumentException if something is null that the schema says never is
   */
  void add(InternalRow row) throws IOException {
    if (row.isNullAt(ordinal)) {
      check(levels.nullList() >= 0, "a row");
      makeRoom(0, false);
      page.addNull();
      return;
    }
    ArrayData vector = row.getArray(ordinal);
    int count = vector.numElements();
    boolean hasNull = hasNull(vector, count);
    check(!hasNull || levels.nullValue() >= 0, "an element");
    boolean plain = count > 0 && !hasNull;
    makeRoom(count, plain);
    page.add(vector, count, plain);
  }

  private void check(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s of column %s is null, expected none by its type",
              what,
              column.getPath()[0]));
    }
  }

  private static boolean hasNull(ArrayData vector, int count) {
    if (vector instanceof UnsafeArrayData unsafe) {
      // The bits of nulls stand behind the count, in words.
      long bits = 0;
      long at = unsafe.getBaseOffset() + Long.BYTES;
      long words = (count + 63L) / 64;
      for (long word = 0; word < words; word++) {
        bits |= Platform.getLong(unsafe.getBaseObject(), at + word * Long.BYTES);
      }
      return bits != 0;
    }
    for (int i = 0; i < count; i++) {
      if (vector.isNullAt(i)) {
        return true;
      }
    }
    return false;
  }

  private void makeRoom(int count, boolean plain) throws IOException {
    if (!page.isEmpty() && page.takes(count, plain)) {
      return;
    }
    endPage();
    page.begin(count, plain);
  }

  private void endPage() throws IOException {
    if (page.isEmpty()) {
      return;
    }
    VectorPageWriter.Page full = page.finish();
    int size = Math.toIntExact(full.bytes().size());
    Page ended;
    if (compressor.getCodecName() == CompressionCodecName.UNCOMPRESSED) {
      ended = new Page(full.bytes(), size, full.entries(), full.rows(), full.buffer());
    } else {
      // The compressor's output is its own and good until the next page.
      BytesInput compressed =
          BytesInput.from(WriterBuffers.copy(compressor.compress(full.bytes())));
      ended = new Page(compressed, size, full.entries(), full.rows(), null);
      buffers.give(full.buffer());
    }
    pages.add(ended);
    pagesBytes += ended.bytes().size();
    entries += ended.entries();
  }

  /** Writes the column chunk of the row group, which ends it. */
  void flush(ParquetFileWriter file) throws IOException {
    endPage();
    file.startColumn(column, entries, compressor.getCodecName());
    for (Page ended : pages) {
      // Without statistics there is no column index, but with the row count an offset index.
      file.writeDataPage(
          ended.entries(),
          ended.uncompressedBytes(),
          ended.bytes(),
          null,
          ended.rows(),
          Encoding.RLE,
          Encoding.RLE,
          Encoding.PLAIN);
      if (ended.buffer() != null) {
        buffers.give(ended.buffer());
      }
    }
    file.endColumn();
    pages.clear();
    pagesBytes = 0;
    entries = 0;
  }
}
