package io.hla.spark.cli;

import io.hla.spark.TokenStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Token tables as JSON lines. */
final class JsonTokens {
  private JsonTokens() {}

  /** One line a token. */
  static List<String> lines(TokenStream stream, String sequence, long start) {
    return java.util.stream.IntStream.range(0, stream.tokens())
        .mapToObj(t -> line(stream.slice(t, t + 1), sequence, start + t))
        .toList();
  }

  private static String line(TokenStream token, String sequence, long position) {
    return String.format(
        "{\"seq\": \"%s\", \"pos\": %d, \"q\": %s, \"k\": %s, \"v\": %s, \"tag\": \"t%d\"}",
        sequence, position, array(token.q()), array(token.k()), array(token.v()), position);
  }

  private static String array(double[] values) {
    return Arrays.toString(values);
  }

  /** A file of these lines. */
  static Path write(Path file, List<String> lines) {
    try {
      Files.createDirectories(file.getParent());
      return Files.writeString(
          file, lines.stream().map(line -> line + "\n").collect(Collectors.joining()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
