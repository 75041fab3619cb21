package io.hla.spark.table;

import io.hla.kernels.Element;
import io.hla.kernels.TokenRows;
import io.hla.kernels.TokenRows.Part;
import org.apache.spark.unsafe.Platform;

/**
 * The rows of q, k, v and gates of some tokens as a kernel takes them, in one piece: all rows of q,
 * then those of k, v and the gates, in the byte order of the machine.
 *
 * @param element type of q, k and v; gates are doubles
 * @param count tokens
 * @param numbers their bytes
 */
public record PackedTokens(Element element, int count, byte[] numbers) {
  private static final Part[] INPUTS = {Part.QUERY, Part.KEY, Part.VALUE, Part.GATE};

  /** No tokens. */
  public static final PackedTokens NONE = new PackedTokens(Element.FLOAT, 0, new byte[0]);

  /** Copies the first tokens of rows. */
  public static PackedTokens of(TokenRows rows, int count) {
    byte[] numbers = new byte[Math.toIntExact(bytes(rows, count))];
    long at = Platform.BYTE_ARRAY_OFFSET;
    for (Part part : INPUTS) {
      long length = bytes(rows, part, count);
      Platform.copyMemory(rows.array(part), start(rows, part), numbers, at, length);
      at += length;
    }
    return new PackedTokens(rows.element(Part.QUERY), count, numbers);
  }

  /**
   * Copies the tokens to the start of rows.
   *
   * @throws IllegalArgumentException if the rows have other widths or no room, or would round them
   */
  public void copyTo(TokenRows rows) {
    Element to = rows.element(Part.QUERY);
    if (count > rows.capacity() || element == Element.DOUBLE && to == Element.FLOAT) {
      throw new IllegalArgumentException(
          count + " tokens of " + element + " in " + rows.capacity() + " rows of " + to);
    }
    long expected = 0;
    for (Part part : INPUTS) {
      expected += (long) count * rows.width(part) * bytesOf(part);
    }
    if (numbers.length != expected) {
      throw new IllegalArgumentException(
          count + " tokens have " + numbers.length + " bytes, expected " + expected);
    }
    long at = Platform.BYTE_ARRAY_OFFSET;
    for (Part part : INPUTS) {
      long length = (long) count * rows.width(part) * bytesOf(part);
      if (rows.element(part).bytes() == bytesOf(part)) {
        Platform.copyMemory(numbers, at, rows.array(part), start(rows, part), length);
      } else {
        for (int i = 0; i < count * rows.width(part); i++) {
          rows.set(part, i, Platform.getFloat(numbers, at + (long) Float.BYTES * i));
        }
      }
      at += length;
    }
  }

  private int bytesOf(Part part) {
    return part == Part.GATE ? Double.BYTES : element.bytes();
  }

  private static long bytes(TokenRows rows, int count) {
    long bytes = 0;
    for (Part part : INPUTS) {
      bytes += bytes(rows, part, count);
    }
    return bytes;
  }

  private static long bytes(TokenRows rows, Part part, int count) {
    return (long) count * rows.width(part) * rows.element(part).bytes();
  }

  private static long start(TokenRows rows, Part part) {
    if (rows.array(part) == null) {
      return rows.address(part);
    }
    return rows.element(part) == Element.DOUBLE
        ? Platform.DOUBLE_ARRAY_OFFSET
        : Platform.FLOAT_ARRAY_OFFSET;
  }
}
