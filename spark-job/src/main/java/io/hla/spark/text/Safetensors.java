package io.hla.spark.text;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A .safetensors file on any Hadoop file system: 8 bytes of little-endian header length, a JSON
 * header that maps names to dtype, shape and byte range, then the numbers, little-endian, without
 * holes. The header is checked against the file's length before any number is read.
 */
public final class Safetensors implements AutoCloseable {
  private static final long LARGEST_HEADER = 100_000_000;
  private static final int READ_BYTES = 1 << 20;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  private final String file;
  private final FSDataInputStream stream;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private long dataStart;

  private Safetensors(String file, FSDataInputStream stream) {
    this.file = file;
    this.stream = stream;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws InputException HLA_INPUT_MISSING if there is no such file, HLA_MODEL_DAMAGED if its
   *     lengths, header or byte ranges do not fit each other
   */
  public static Safetensors open(Configuration configuration, String file) {
    try {
      Path path = new Path(file);
      FileSystem system = path.getFileSystem(configuration);
      long length = system.getFileStatus(path).getLen();
      Safetensors opened = new Safetensors(file, system.open(path));
      try {
        opened.readHeader(length);
        return opened;
      } catch (IOException | RuntimeException e) {
        opened.close();
        throw e;
      }
    } catch (FileNotFoundException e) {
      throw new InputException("HLA_INPUT_MISSING", "model \"" + file + "\" does not exist", e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read model \"" + file + "\"", e);
    }
  }

  /** The tensors by name, in the order of the header. */
  public Map<String, Tensor> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  /**
   * The tensor of that name or, when there is none, the only one whose name ends with "." and that
   * name.
   *
   * @throws InputException HLA_MODEL_TENSOR if there is none or several; it names those present
   */
  public Tensor find(String name) {
    Tensor exact = tensors.get(name);
    if (exact != null) {
      return exact;
    }
    List<String> found =
        tensors.keySet().stream().filter(other -> other.endsWith("." + name)).toList();
    if (found.size() != 1) {
      throw new InputException(
          "HLA_MODEL_TENSOR",
          found.isEmpty()
              ? String.format(
                  Locale.ROOT, "%s has no tensor %s; it has %s", file, name, tensors.keySet())
              : String.format(
                  Locale.ROOT, "%s has several tensors %s: %s, expected one", file, name, found));
    }
    return tensors.get(found.get(0));
  }

  /**
   * Reads {@code count} numbers of a tensor, from its number {@code first} on in row-major order.
   *
   * @throws InputException HLA_MODEL_TENSOR if the dtype is not F64, F32, F16 or BF16
   */
  public void read(Tensor tensor, long first, double[] to, int count) {
    Dtype dtype = Dtype.of(file, tensor);
    if (first < 0 || count < 0 || first + count > tensor.count()) {
      throw new IndexOutOfBoundsException(
          String.format(
              Locale.ROOT,
              "numbers %d + %d of %d of %s",
              first,
              count,
              tensor.count(),
              tensor.name));
    }
    byte[] bytes = new byte[(int) Math.min(READ_BYTES, (long) count * dtype.bytes)];
    try {
      for (int done = 0; done < count; ) {
        int now = Math.min(bytes.length / dtype.bytes, count - done);
        long at = dataStart + tensor.begin + (first + done) * dtype.bytes;
        stream.readFully(at, bytes, 0, now * dtype.bytes);
        dtype.decode(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN), to, done, now);
        done += now;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + tensor.name + " of model " + file, e);
    }
  }

  @Override
  public void close() {
    try {
      stream.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close model " + file, e);
    }
  }

  private void readHeader(long fileLength) throws IOException {
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
    byte[] header = new byte[(int) length];
    stream.readFully(8, header);
    JsonNode root;
    try {
      root = JSON.readTree(header);
    } catch (IOException e) {
      throw new InputException(
          "HLA_MODEL_DAMAGED", file + " has a header that is not JSON: " + e.getMessage(), e);
    }
    check(root.isObject(), "has a header that is not a JSON object");
    for (Map.Entry<String, JsonNode> entry : root.properties()) {
      if (!entry.getKey().equals("__metadata__")) {
        tensors.put(entry.getKey(), tensor(entry.getKey(), entry.getValue()));
      }
    }
    dataStart = 8 + length;
    checkRanges(fileLength - dataStart);
  }

  private Tensor tensor(String name, JsonNode node) {
    JsonNode offsets = node.path("data_offsets");
    check(
        node.path("dtype").isTextual()
            && node.path("shape").isArray()
            && offsets.isArray()
            && offsets.size() == 2,
        "describes tensor %s by %s, expected dtype, shape and two data_offsets",
        name,
        node);
    List<Long> shape = new ArrayList<>();
    for (JsonNode size : node.path("shape")) {
      shape.add(number(name, size));
    }
    return new Tensor(
        name,
        node.path("dtype").textValue(),
        List.copyOf(shape),
        number(name, offsets.get(0)),
        number(name, offsets.get(1)));
  }

  private long number(String name, JsonNode node) {
    check(
        node.canConvertToLong() && node.isIntegralNumber() && node.longValue() >= 0,
        "gives tensor %s the size or offset %s, expected an integer from 0",
        name,
        node);
    return node.longValue();
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
      fits = bytes == 0 || Math.multiplyExact(tensor.count(), bytes) == length;
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
