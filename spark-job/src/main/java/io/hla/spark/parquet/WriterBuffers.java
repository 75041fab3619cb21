package io.hla.spark.parquet;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.parquet.bytes.BytesInput;

/** Byte arrays of one size for the pages of a file, used again from row group to row group. */
final class WriterBuffers {
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
    return buffer == null ? new byte[size] : buffer;
  }

  /** Takes back an array that nobody looks at any more. */
  void give(byte[] buffer) {
    if (buffer.length == size) {
      free.push(buffer);
    }
  }

  /** The bytes of an input in an array of their own. */
  static byte[] copy(BytesInput input) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(Math.toIntExact(input.size()));
    input.writeAllTo(bytes);
    return bytes.toByteArray();
  }
}
