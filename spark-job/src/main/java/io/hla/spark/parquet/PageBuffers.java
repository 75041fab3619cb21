package io.hla.spark.parquet;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.IdentityHashMap;
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
  private final Set<byte[]> lent = Collections.newSetFromMap(new IdentityHashMap<>());

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
    return ByteBuffer.wrap(lend(size), 0, size).slice();
  }

  @Override
  public void release(ByteBuffer buffer) {
    giveBack(buffer.array());
  }

  @Override
  public boolean isDirect() {
    return false;
  }

  /** Takes back an array that nobody reads any more; others' arrays are passed over. */
  void giveBack(byte[] array) {
    if (lent.remove(array)) {
      ArrayPool.give(array);
    }
  }

  /** Takes back all arrays: nothing that was read is read any more. */
  void giveBackAll() {
    lent.forEach(ArrayPool::give);
    lent.clear();
  }

  /** The bytes as a part of an array, without a copy where they lie in one. */
  static ByteBuffer onHeap(BytesInput bytes) throws IOException {
    int length = Math.toIntExact(bytes.size());
    ByteBuffer buffer = bytes.toInputStream().slice(length);
    return buffer.hasArray() ? buffer : ByteBuffer.allocate(length).put(buffer).flip();
  }

  private byte[] lend(int length) {
    byte[] array = ArrayPool.take(length);
    lent.add(array);
    return array;
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
                "a page of %d bytes was to be decompressed, %d said", decompressedSize, size));
      }
      byte[] to = lend(size);
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
