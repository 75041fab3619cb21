package io.hla.spark.parquet;

import java.io.IOException;
import java.util.Locale;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.Platform;

/** The pages of one column of vectors, held until the row group ends. */
final class VectorColumnWriter implements ColumnWriter {
  private final ColumnDescriptor column;
  private final int ordinal;
  private final ListLevels levels;
  private final VectorPageWriter page;
  private final WrittenPages pages;

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
    this.pages = new WrittenPages(column, compressor, buffers);
    boolean isFloat = column.getPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.FLOAT;
    page =
        new VectorPageWriter(
            levels,
            isFloat ? Float.BYTES : Double.BYTES,
            properties.getPageRowCountLimit(),
            properties.getPageValueCountThreshold(),
            buffers);
  }

  @Override
  public long bufferedBytes() {
    return pages.bytes() + page.size();
  }

  @Override
  public void add(InternalRow row) throws IOException {
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
    if (!page.isEmpty()) {
      VectorPageWriter.Page full = page.finish();
      pages.add(full.bytes(), full.entries(), full.rows(), full.buffer());
    }
  }

  @Override
  public void flush(ParquetFileWriter file) throws IOException {
    endPage();
    pages.flush(file);
  }
}
