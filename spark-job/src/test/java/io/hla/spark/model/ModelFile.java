package io.hla.spark.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes safetensors files, right ones from tensors of zeros, and any other from raw parts. */
public final class ModelFile {
  private final Map<String, int[]> shapes = new LinkedHashMap<>();

  /** Adds a float tensor of zeros, or replaces the one of that name. */
  public ModelFile add(String name, int... shape) {
    shapes.put(name, shape);
    return this;
  }

  public Path write(Path file) throws IOException {
    StringBuilder header = new StringBuilder("{");
    int end = 0;
    for (Map.Entry<String, int[]> entry : shapes.entrySet()) {
      int begin = end;
      end += 4 * Arrays.stream(entry.getValue()).reduce(1, (a, b) -> a * b);
      String shape =
          Arrays.stream(entry.getValue())
              .mapToObj(Integer::toString)
              .collect(Collectors.joining(","));
      header
          .append(begin == 0 ? "" : ",")
          .append(tensor(entry.getKey(), "F32", "[" + shape + "]", begin, end));
    }
    return write(file, header + "}", new byte[end]);
  }

  public static String tensor(String name, String dtype, String shape, long begin, long end) {
    return String.format(
        "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
        name, dtype, shape, begin, end);
  }

  public static Path write(Path file, String header, byte[] data) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return Files.write(file, bytes(text.length, text, data));
  }

  public static byte[] bytes(long headerLength, byte[] header, byte[] data) {
    return ByteBuffer.allocate(8 + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerLength)
        .put(header)
        .put(data)
        .array();
  }
}
