package io.hla.spark.parquet;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.util.Locale;
import java.util.zip.CRC32;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.SeekableInputStream;

/**
 * The pages of column chunks of a file, read one at a time and as they lie in it: what is read is
 * still in the cache when it is decompressed and computed with, and no more than a page is held.
 */
final class ChunkPages implements Closeable {
  private static final byte[] NOTHING = {};

  /** As long as headers of numbers are; longer ones are read in a second try. */
  private static final int HEADER = 256;

  private static final int LONGEST_HEADER = 1 << 20;

  private final SeekableInputStream file;
  private final int ahead;
  private final boolean verify;
  private final CRC32 checksum = new CRC32();

  /** Bytes of the chunk behind those in the buffer. */
  private long left;

  private byte[] buffer = NOTHING;
  private int from;
  private int to;
  private int start;
  private int length;

  /**
   * @param file that nobody else reads from, closed in the end
   * @param ahead bytes to read beyond those that are asked for, so that there are few requests
   * @param verify whether pages are compared with their checksums, if they have some
   */
  ChunkPages(SeekableInputStream file, int ahead, boolean verify) {
    this.file = file;
    this.ahead = ahead;
    this.verify = verify;
  }

  /** Goes to the first page of a chunk. */
  void start(ColumnChunkMetaData chunk) throws IOException {
    file.seek(chunk.getStartingPos());
    left = chunk.getTotalSize();
    from = 0;
    to = 0;
  }

  /**
   * Reads the next page; the one before is gone.
   *
   * @return null if the chunk holds no other whole page
   * @throws IOException if the file ends too soon, or a page is not what its checksum says
   */
  PageHeader next() throws IOException {
    PageHeader header = header();
    if (header == null) {
      return null;
    }
    length = header.getCompressed_page_size();
    if (length < 0 || length > to - from + left) {
      return null;
    }
    need(length);
    start = from;
    from += length;
    if (verify && header.isSetCrc()) {
      checksum.reset();
      checksum.update(buffer, start, length);
      if (header.getCrc() != (int) checksum.getValue()) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "a page of %d bytes has the checksum %08x, expected %08x",
                length,
                (int) checksum.getValue(),
                header.getCrc()));
      }
    }
    return header;
  }

  /** The array that holds the page. */
  byte[] bytes() {
    return buffer;
  }

  /** Where in {@link #bytes} the page starts. */
  int start() {
    return start;
  }

  /** Bytes of the page as it lies in the file. */
  int length() {
    return length;
  }

  private PageHeader header() throws IOException {
    for (int size = HEADER; ; size *= 16) {
      need(size);
      ByteArrayInputStream bytes = new ByteArrayInputStream(buffer, from, to - from);
      try {
        PageHeader header = Util.readPageHeader(bytes);
        from = to - bytes.available();
        return header;
      } catch (IOException e) {
        // Cut off, or no header at all.
        if (left == 0 || size >= LONGEST_HEADER) {
          return null;
        }
      }
    }
  }

  /**
   * Brings at least {@code size} bytes, or all that are left, into the buffer behind each other.
   */
  private void need(int size) throws IOException {
    int have = to - from;
    if (have >= size || left == 0) {
      return;
    }
    int more = (int) Math.min(left, (long) size - have + ahead);
    if (from > 0 || buffer.length < have + more) {
      byte[] old = buffer;
      buffer = old.length < have + more ? ArrayPool.take(have + more) : old;
      System.arraycopy(old, from, buffer, 0, have);
      from = 0;
      to = have;
      if (old != buffer && old.length > 0) {
        ArrayPool.give(old);
      }
    }
    try {
      file.readFully(buffer, to, more);
    } catch (EOFException e) {
      throw new IOException("the file ends in the middle of its pages", e);
    }
    to += more;
    left -= more;
  }

  @Override
  public void close() throws IOException {
    byte[] array = buffer;
    buffer = NOTHING;
    from = 0;
    to = 0;
    left = 0;
    if (array.length > 0) {
      ArrayPool.give(array);
    }
    file.close();
  }
}
