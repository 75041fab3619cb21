package io.hla.spark.parquet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * The pages of a column chunk as they go to the file, compressed, held until its row group ends.
 */
final class WrittenPages {
  private final ColumnDescriptor column;
  private final BytesInputCompressor compressor;
  private final WriterBuffers buffers;
  private final List<Page> pages = new ArrayList<>();
  private long bytes;
  private long entries;

  /** A page; {@code buffer} is what its bytes look into, or null. */
  private record Page(
      BytesInput bytes, int uncompressedBytes, int entries, int rows, byte[] buffer) {}

  /**
   * @param buffers get back what pages look into
   */
  WrittenPages(ColumnDescriptor column, BytesInputCompressor compressor, WriterBuffers buffers) {
    this.column = column;
    this.compressor = compressor;
    this.buffers = buffers;
  }

  /**
   * Takes a page over.
   *
   * @param page levels and plain values
   * @param buffer of {@code buffers} that {@code page} looks into, or null
   */
  void add(BytesInput page, int ofEntries, int rows, byte[] buffer) throws IOException {
    int size = Math.toIntExact(page.size());
    if (compressor.getCodecName() == CompressionCodecName.UNCOMPRESSED) {
      pages.add(new Page(page, size, ofEntries, rows, buffer));
      bytes += size;
    } else {
      // The compressor's output is its own and good until the next page.
      byte[] compressed = WriterBuffers.copy(compressor.compress(page));
      pages.add(new Page(BytesInput.from(compressed), size, ofEntries, rows, null));
      bytes += compressed.length;
      giveBack(buffer);
    }
    entries += ofEntries;
  }

  /** Bytes that are held. */
  long bytes() {
    return bytes;
  }

  /** Writes the column chunk, and begins again. */
  void flush(ParquetFileWriter file) throws IOException {
    file.startColumn(column, entries, compressor.getCodecName());
    for (Page page : pages) {
      // Without statistics there is no column index, but with the row count an offset index.
      file.writeDataPage(
          page.entries(),
          page.uncompressedBytes(),
          page.bytes(),
          null,
          page.rows(),
          Encoding.RLE,
          Encoding.RLE,
          Encoding.PLAIN);
      giveBack(page.buffer());
    }
    file.endColumn();
    pages.clear();
    bytes = 0;
    entries = 0;
  }

  private void giveBack(byte[] buffer) {
    if (buffer != null) {
      buffers.give(buffer);
    }
  }
}
