package io.hla.spark.model;

import io.hla.spark.InputException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;

/**
 * A .safetensors file on any Hadoop file system: 8 bytes of little-endian header length, a JSON
 * header that maps names to dtype, shape and byte range, then the numbers, little-endian, without
 * holes. The header is checked against the file's length before any number is read.
 */
public final class Safetensors implements AutoCloseable {
  private static final long LARGEST_HEADER = 100_000_000;
  private static final int READ_BYTES = 1 << 20;

  private final String file;
  private final FileSystem system;
  private final FileStatus status;
  private final Map<String, Tensor> tensors;
  private final long dataStart;

  /** Null between reads of other files. */
  private FSDataInputStream stream;

  private byte[] buffer = {};

  private Safetensors(String file, FileSystem system, FileStatus status) throws IOException {
    this.file = file;
    this.system = system;
    this.status = status;
    stream = system.open(status.getPath());
    try {
      long headerLength = headerLength();
      stream.seek(8);
      tensors = HeaderReader.read(file, new BoundedStream(stream, headerLength));
      dataStart = 8 + headerLength;
      checkRanges(status.getLen() - dataStart);
    } catch (IOException | RuntimeException e) {
      stream.close();
      throw e;
    }
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws InputException HLA_INPUT_MISSING if there is no such file, HLA_MODEL_DAMAGED if its
   *     lengths, header or byte ranges do not fit each other
   */
  public static Safetensors open(Configuration configuration, String file) {
    try {
      ModelPath path = ModelPath.of(configuration, file);
      FileStatus status = path.system().getFileStatus(path.path());
      if (status.isDirectory()) {
        throw new InputException("HLA_MODEL_DAMAGED", file + " is a directory, expected a file");
      }
      return new Safetensors(file, path.system(), status);
    } catch (FileNotFoundException e) {
      throw new InputException("HLA_INPUT_MISSING", "model \"" + file + "\" does not exist", e);
    } catch (IOException e) {
      throw unreadable(file, "its header", e);
    }
  }

  /** Where the file is, as it was given. */
  public String file() {
    return file;
  }

  /** The tensors by name, in the order of the header. */
  public Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * Reads {@code count} numbers of a tensor, from its number {@code first} on in row-major order,
   * to {@code to[at..]}.
   *
   * @throws InputException HLA_MODEL_TENSOR if the dtype is not F64, F32, F16 or BF16;
   *     HLA_MODEL_DAMAGED or HLA_INPUT_CHANGED if the file is not the one whose header was read
   */
  public void read(Tensor tensor, long first, double[] to, int at, int count) {
    Dtype dtype = dtype(tensor);
    if (first < 0 || count < 0 || count > tensor.count() - first) {
      throw new IndexOutOfBoundsException(
          String.format(
              Locale.ROOT,
              "numbers %d + %d of %d of %s",
              first,
              count,
              tensor.count(),
              tensor.name));
    }
    int bytes = (int) Math.min(READ_BYTES, (long) count * dtype.bytes);
    if (buffer.length < bytes) {
      buffer = new byte[bytes];
    }
    try {
      reopen();
      for (int done = 0; done < count; ) {
        int now = Math.min(buffer.length / dtype.bytes, count - done);
        long from = dataStart + tensor.begin + (first + done) * dtype.bytes;
        stream.readFully(from, buffer, 0, now * dtype.bytes);
        dtype.decode(ByteBuffer.wrap(buffer).order(ByteOrder.LITTLE_ENDIAN), to, at + done, now);
        done += now;
      }
    } catch (IOException e) {
      throw unreadable(file, tensor.name, e);
    }
  }

  /** The type of a tensor's numbers. Throws {@link InputException} HLA_MODEL_TENSOR. */
  Dtype dtype(Tensor tensor) {
    Dtype dtype = Dtype.of(tensor.dtype);
    if (dtype == null) {
      throw new InputException(
          "HLA_MODEL_TENSOR",
          String.format(
              Locale.ROOT,
              "%s holds %s as %s, expected one of %s",
              file,
              tensor.name,
              tensor.dtype,
              Arrays.toString(Dtype.values())));
    }
    return dtype;
  }

  /** Lets go of the open stream; the next read opens another. */
  void release() {
    if (stream != null) {
      try {
        stream.close();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot close model " + file, e);
      } finally {
        stream = null;
      }
    }
  }

  @Override
  public void close() {
    release();
  }

  private void reopen() throws IOException {
    if (stream != null) {
      return;
    }
    FileStatus now = system.getFileStatus(status.getPath());
    if (now.getLen() != status.getLen()
        || now.getModificationTime() != status.getModificationTime()) {
      throw new InputException(
          "HLA_INPUT_CHANGED",
          String.format(
              Locale.ROOT,
              "%s has %d bytes of time %d, expected %d of time %d as when it was opened",
              file,
              now.getLen(),
              now.getModificationTime(),
              status.getLen(),
              status.getModificationTime()));
    }
    stream = system.open(status.getPath());
  }

  private static RuntimeException unreadable(String file, String what, IOException e) {
    if (e instanceof EOFException || e instanceof ChecksumException) {
      return new InputException(
          "HLA_MODEL_DAMAGED",
          file + " ends or is not whole in " + what + ": " + e.getMessage(),
          e);
    }
    return new UncheckedIOException("cannot read " + what + " of model \"" + file + "\"", e);
  }

  private long headerLength() throws IOException {
    long fileLength = status.getLen();
    check(fileLength >= 8, "is %d bytes long, expected at least 8", fileLength);
    byte[] prefix = new byte[8];
    stream.readFully(0, prefix);
    long length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
    check(
        length > 0 && length <= Math.min(LARGEST_HEADER, fileLength - 8),
        "gives its header %d bytes, expected 1 to %d in a file of %d bytes",
        length,
        Math.min(LARGEST_HEADER, fileLength - 8),
        fileLength);
    return length;
  }

  /** In file order every tensor begins where the one before ends, and the last ends the file. */
  private void checkRanges(long dataLength) {
    Comparator<Tensor> order = Comparator.comparingLong(Tensor::begin);
    long end = 0;
    for (Tensor tensor :
        tensors.values().stream().sorted(order.thenComparingLong(Tensor::end)).toList()) {
      check(
          tensor.begin == end,
          "begins tensor %s at byte %d, expected %d, where the one before ends",
          tensor.name,
          tensor.begin,
          end);
      check(
          tensor.end >= tensor.begin && tensor.end <= dataLength,
          "gives tensor %s bytes %d to %d, expected a range within its %d bytes of data",
          tensor.name,
          tensor.begin,
          tensor.end,
          dataLength);
      checkLength(tensor);
      end = tensor.end;
    }
    check(
        end == dataLength, "has %d bytes of data, expected the %d of its header", dataLength, end);
  }

  private void checkLength(Tensor tensor) {
    int bytes = Dtype.bytes(tensor.dtype);
    long length = tensor.end - tensor.begin;
    boolean fits;
    try {
      long count = tensor.count();
      fits = bytes == 0 || Math.multiplyExact(count, bytes) == length;
    } catch (ArithmeticException e) {
      fits = false;
    }
    check(
        fits,
        "gives tensor %s %d bytes, expected the size of %s %s",
        tensor.name,
        length,
        tensor.dtype,
        tensor.shape);
  }

  private void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new InputException(
          "HLA_MODEL_DAMAGED", file + " " + String.format(Locale.ROOT, message, values));
    }
  }

  /**
   * What the header says of one tensor.
   *
   * @param dtype the format's name of the number type, such as F32
   * @param shape sizes from the slowest to the fastest dimension; empty for a single number
   * @param begin first byte, counted behind the header
   * @param end byte behind the last
   */
  public record Tensor(String name, String dtype, List<Long> shape, long begin, long end) {

    /** How many numbers there are. Throws ArithmeticException past 2^63. */
    public long count() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }

    /** The name and the shape, such as {@code q_proj.weight [64, 100]}. */
    @Override
    public String toString() {
      return name
          + shape.stream().map(Object::toString).collect(Collectors.joining(", ", " [", "]"));
    }
  }
}
