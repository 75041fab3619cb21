package io.hla.spark.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/**
 * Decompresses pages one after the other. Snappy goes from array to array, which is used again from
 * page to page; other codecs are Parquet's own.
 */
final class PageDecompressor implements Closeable {
  private static final byte[] NOTHING = {};

  private final CompressionCodecFactory codecs;
  private byte[] page = NOTHING;

  /**
   * @param codecs of Parquet, not released here
   */
  PageDecompressor(CompressionCodecFactory codecs) {
    this.codecs = codecs;
  }

  /**
   * Decompresses bytes; what was decompressed before is gone.
   *
   * @param size bytes of the result
   * @return the result, as a part of an array; of bytes that are not compressed, these themselves
   * @throws IOException if that is not what the bytes hold
   */
  ByteBuffer decompress(CompressionCodecName codec, byte[] bytes, int from, int length, int size)
      throws IOException {
    switch (codec) {
      case UNCOMPRESSED:
        check(length, size);
        return ByteBuffer.wrap(bytes, from, length);
      case SNAPPY:
        // What a page says about itself is not a size to write into an array unchecked.
        check(Snappy.uncompressedLength(bytes, from, length), size);
        makeRoom(size);
        Snappy.uncompress(bytes, from, length, page, 0);
        return ByteBuffer.wrap(page, 0, size);
      default:
        BytesInput input = BytesInput.from(bytes, from, length);
        ByteBuffer result =
            codecs.getDecompressor(codec).decompress(input, size).toInputStream().slice(size);
        return result.hasArray() ? result : ByteBuffer.allocate(size).put(result).flip();
    }
  }

  private static void check(int found, int size) throws IOException {
    if (found != size) {
      throw new IOException(
          String.format(
              Locale.ROOT, "a page holds %d bytes of levels and values, %d said", found, size));
    }
  }

  private void makeRoom(int size) {
    if (page.length < size) {
      close();
      page = ArrayPool.take(size);
    }
  }

  /** Lets go of the page. */
  @Override
  public void close() {
    byte[] array = page;
    page = NOTHING;
    if (array.length > 0) {
      ArrayPool.give(array);
    }
  }
}
