package io.hla.spark.model;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** The next bytes of a stream, which stays open. */
final class BoundedStream extends FilterInputStream {
  private long left;

  BoundedStream(InputStream in, long bytes) {
    super(in);
    left = bytes;
  }

  @Override
  public int read() throws IOException {
    int read = left > 0 ? in.read() : -1;
    left -= read < 0 ? 0 : 1;
    return read;
  }

  @Override
  public int read(byte[] to, int at, int count) throws IOException {
    if (left <= 0) {
      return count == 0 ? 0 : -1;
    }
    int read = in.read(to, at, (int) Math.min(left, count));
    left -= Math.max(0, read);
    return read;
  }

  @Override
  public void close() {}
}
