package io.hla.spark.parquet;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.xerial.snappy.Snappy;

/**
 * Codecs of a reader whose pages come and go. Snappy is decompressed from array to array, into
 * arrays that are used again once their page is done with; other codecs are Parquet's own. Not safe
 * for several threads.
 */
final class PageBuffers implements CompressionCodecFactory {
  private final CompressionCodecFactory others;
  private final List<byte[]> free = new ArrayList<>();
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
    free.clear();
    lent.clear();
  }

  /** Takes back the array of a page that nobody reads any more; others' arrays are passed over. */
  void giveBack(byte[] array) {
    if (lent.remove(array)) {
      free.add(array);
    }
  }

  /** The bytes as a part of an array, without a copy where they lie in one. */
  static ByteBuffer onHeap(BytesInput bytes) throws IOException {
    int length = Math.toIntExact(bytes.size());
    ByteBuffer buffer = bytes.toInputStream().slice(length);
    return buffer.hasArray() ? buffer : ByteBuffer.allocate(length).put(buffer).flip();
  }

  private byte[] lend(int length) {
    byte[] array = null;
    for (int i = free.size() - 1; i >= 0 && array == null; i--) {
      array = free.get(i).length >= length ? free.remove(i) : null;
    }
    if (array == null) {
      // Pages grow towards the size that their writer aims at: one that is too small stays so.
      free.clear();
      array = new byte[length];
    }
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
