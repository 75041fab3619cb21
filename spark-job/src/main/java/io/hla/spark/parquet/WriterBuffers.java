package io.hla.spark.parquet;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.parquet.bytes.BytesInput;

/**
 * Byte arrays of one size for the pages of a file, used again from row group to row group and from
 * file to file.
 */
final class WriterBuffers implements AutoCloseable {
  private final int size;
  private final Deque<byte[]> free = new ArrayDeque<>();

  WriterBuffers(int size) {
    this.size = size;
  }

  /** Bytes that a page should not exceed. */
  int size() {
    return size;
  }

  /** An array of any content, of the common size or, if that is too small, of {@code least}. */
  byte[] take(int least) {
    if (least > size) {
      return new byte[least];
    }
    byte[] buffer = free.poll();
    if (buffer != null) {
      return buffer;
    }
    return isPooled() ? ArrayPool.take(size) : new byte[size];
  }

  /** Whether the pool has arrays of this size and not only larger ones. */
  private boolean isPooled() {
    return ArrayPool.length(size) == size;
  }

  /** Takes back an array that nobody looks at any more. */
  void give(byte[] buffer) {
    if (buffer.length == size) {
      free.push(buffer);
    }
  }

  /** Leaves the arrays that were given back to other files. */
  @Override
  public void close() {
    while (isPooled() && !free.isEmpty()) {
      ArrayPool.give(free.pop());
    }
  }

  /** The bytes of an input in an array of their own. */
  static byte[] copy(BytesInput input) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(Math.toIntExact(input.size()));
    input.writeAllTo(bytes);
    return bytes.toByteArray();
  }
}
