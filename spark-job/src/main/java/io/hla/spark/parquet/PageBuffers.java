package io.hla.spark.parquet;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.parquet.bytes.ByteBufferAllocator;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/**
 * Memory and codecs of a reader whose pages come and go. Arrays are used again once their row group
 * or page is done with. Snappy is decompressed from array to array; other codecs are Parquet's own.
 * Not safe for several threads.
 */
final class PageBuffers implements CompressionCodecFactory, ByteBufferAllocator {
  private final CompressionCodecFactory others;

  /** Those of decompressed pages. */
  private final Set<byte[]> ofPages = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Those of row groups, in which pages that are not compressed lie side by side. */
  private final Set<byte[]> ofRowGroups = Collections.newSetFromMap(new IdentityHashMap<>());

  PageBuffers(CompressionCodecFactory others) {
    this.others = others;
  }

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    return others.getCompressor(codec);
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    return codec == CompressionCodecName.SNAPPY ? new SnappyPages() : others.getDecompressor(codec);
  }

  @Override
  public void release() {
    others.release();
  }

  @Override
  public ByteBuffer allocate(int size) {
    return ByteBuffer.wrap(lend(size, ofRowGroups), 0, size).slice();
  }

  @Override
  public void release(ByteBuffer buffer) {
    giveBack(buffer.array(), ofRowGroups);
  }

  @Override
  public boolean isDirect() {
    return false;
  }

  /** Takes back the array of a page that nobody reads any more, if the page has one of its own. */
  void giveBackPage(byte[] array) {
    giveBack(array, ofPages);
  }

  /** Takes back all arrays: nothing that was read is read any more. */
  void giveBackAll() {
    for (Set<byte[]> lent : List.of(ofPages, ofRowGroups)) {
      lent.forEach(ArrayPool::give);
      lent.clear();
    }
  }

  private static byte[] lend(int length, Set<byte[]> lent) {
    byte[] array = ArrayPool.take(length);
    lent.add(array);
    return array;
  }

  private static void giveBack(byte[] array, Set<byte[]> lent) {
    if (lent.remove(array)) {
      ArrayPool.give(array);
    }
  }

  /** The bytes as a part of an array, without a copy where they lie in one. */
  static ByteBuffer onHeap(BytesInput bytes) throws IOException {
    int length = Math.toIntExact(bytes.size());
    ByteBuffer buffer = bytes.toInputStream().slice(length);
    return buffer.hasArray() ? buffer : ByteBuffer.allocate(length).put(buffer).flip();
  }

  private final class SnappyPages implements BytesInputDecompressor {
    @Override
    public BytesInput decompress(BytesInput bytes, int decompressedSize) throws IOException {
      ByteBuffer from = onHeap(bytes);
      byte[] array = from.array();
      int offset = from.arrayOffset() + from.position();
      int length = from.remaining();
      // What a page says about itself is not a size to write into an array unchecked.
      int size = Snappy.uncompressedLength(array, offset, length);
      if (size != decompressedSize) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "a page of %d bytes was to be decompressed, %d said",
                decompressedSize,
                size));
      }
      byte[] to = lend(size, ofPages);
      Snappy.uncompress(array, offset, length, to, 0);
      return BytesInput.from(to, 0, size);
    }

    @Override
    public void decompress(ByteBuffer input, int compressedSize, ByteBuffer output, int size)
        throws IOException {
      Snappy.uncompress(input, output);
    }

    @Override
    public void release() {}
  }
}
