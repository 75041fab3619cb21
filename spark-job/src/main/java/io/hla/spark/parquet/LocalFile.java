package io.hla.spark.parquet;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/**
 * A file of this machine, read in large pieces. Hadoop reads such files 16 kB at a time, to compare
 * each with a checksum that it keeps beside the file.
 */
record LocalFile(Path path) implements InputFile {
  /** Of a size that stays in the cache between the file system's copy and ours. */
  private static final int PIECE = 256 << 10;

  @Override
  public long getLength() throws IOException {
    return path.toFile().length();
  }

  @Override
  public SeekableInputStream newStream() throws IOException {
    return new Stream(FileChannel.open(path, StandardOpenOption.READ));
  }

  /** Whether Hadoop keeps checksums of the file. */
  boolean hasChecksums() {
    return path.resolveSibling("." + path.getFileName() + ".crc").toFile().exists();
  }

  private static final class Stream extends SeekableInputStream {
    private final FileChannel channel;
    private final FileSystem.Statistics statistics = statistics();

    Stream(FileChannel channel) {
      this.channel = channel;
    }

    // What Spark takes for the bytes that a task has read; Hadoop has no other way to add to it.
    @SuppressWarnings("deprecation")
    private static FileSystem.Statistics statistics() {
      return FileSystem.getStatistics("file", RawLocalFileSystem.class);
    }

    @Override
    public long getPos() throws IOException {
      return channel.position();
    }

    @Override
    public void seek(long position) throws IOException {
      channel.position(position);
    }

    @Override
    public int read() throws IOException {
      ByteBuffer one = ByteBuffer.allocate(1);
      return read(one) < 0 ? -1 : one.get(0) & 0xff;
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws IOException {
      return read(ByteBuffer.wrap(bytes, start, length));
    }

    @Override
    public int read(ByteBuffer buffer) throws IOException {
      int end = buffer.limit();
      buffer.limit(Math.min(end, buffer.position() + PIECE));
      try {
        int count = channel.read(buffer);
        statistics.incrementBytesRead(Math.max(0, count));
        return count;
      } finally {
        buffer.limit(end);
      }
    }

    @Override
    public void readFully(byte[] bytes) throws IOException {
      readFully(ByteBuffer.wrap(bytes));
    }

    @Override
    public void readFully(byte[] bytes, int start, int length) throws IOException {
      readFully(ByteBuffer.wrap(bytes, start, length));
    }

    @Override
    public void readFully(ByteBuffer buffer) throws IOException {
      while (buffer.hasRemaining()) {
        if (read(buffer) < 0) {
          throw new EOFException("the file ends " + buffer.remaining() + " bytes too soon");
        }
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
