package io.hla.spark.text;

import io.hla.spark.InputException;
import io.hla.spark.tokenizer.TextBorders;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;

/**
 * The pieces of a part of a text, cut at borders: from the first border at or behind the start of
 * the part to the first one at or behind its end. So the pieces of all parts are the text, wherever
 * the parts begin. The beginning and the end of a text are borders.
 */
final class PieceReader implements Closeable {
  /** Bytes of a piece, as far as borders allow. */
  static final int PIECE_BYTES = 32 << 10;

  private static final int MOST_BYTES = 1 << 30;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final InputStream in;
  private final TextBorders borders;
  private final String place;
  private final long end;
  private final int mostBytes;
  private byte[] buffer = new byte[2 * PIECE_BYTES];
  // The next piece begins at buffer[from], which is byte `at` of the text.
  private int from;
  private int to;
  private long at;
  private boolean readAll;
  private boolean done;

  /**
   * The pieces of a part of a file; a byte order mark in front of text is none of it.
   *
   * @param in the text from byte {@code max(0, start - 1)} on; is closed with the reader
   * @param start first byte of the part
   * @param end the byte behind the part; behind the end of the text for one that goes up to it
   * @param place what messages call the text
   */
  static PieceReader ofPart(InputStream in, long start, long end, TextBorders borders, String place)
      throws IOException {
    PieceReader pieces =
        new PieceReader(in, Math.max(0, start - 1), end, borders, place, MOST_BYTES);
    if (start > 0) {
      pieces.skipToBorder();
    } else if (borders != TextBorders.ANYWHERE) {
      pieces.skipByteOrderMark();
    }
    return pieces;
  }

  /** The pieces of all of a text, a byte order mark too. */
  static PieceReader ofText(InputStream in, TextBorders borders, String place) {
    return ofText(in, borders, place, MOST_BYTES);
  }

  static PieceReader ofText(InputStream in, TextBorders borders, String place, int mostBytes) {
    return new PieceReader(in, 0, Long.MAX_VALUE, borders, place, mostBytes);
  }

  private PieceReader(
      InputStream in, long at, long end, TextBorders borders, String place, int mostBytes) {
    this.in = in;
    this.at = at;
    this.end = end;
    this.borders = borders;
    this.place = place;
    this.mostBytes = mostBytes;
  }

  /** The next piece, or null behind the last one. */
  byte[] next() throws IOException {
    if (done) {
      return null;
    }
    int cut = cut();
    byte[] piece = Arrays.copyOfRange(buffer, from, cut);
    at += cut - from;
    from = cut;
    done = at >= end || from == to && readAll;
    return piece.length == 0 ? null : piece;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  /** Moves to the first border of the part; done if there is none. */
  private void skipToBorder() throws IOException {
    while (true) {
      if (to - from < 2) {
        fill();
      }
      if (to - from < 2 || at + 1 >= end) {
        done = true;
        return;
      }
      boolean found = borders.between(buffer[from], buffer[from + 1]);
      from++;
      at++;
      if (found) {
        return;
      }
    }
  }

  private void skipByteOrderMark() throws IOException {
    fill();
    if (to >= 3 && Arrays.equals(buffer, 0, 3, BYTE_ORDER_MARK, 0, 3)) {
      from = 3;
      at = 3;
    }
  }

  /** Where the next piece ends in the buffer, which is filled as far as that takes. */
  private int cut() throws IOException {
    int wanted = PIECE_BYTES;
    while (true) {
      while (to - from <= wanted && !readAll) {
        fill();
      }
      if (to - from <= Math.min(wanted, end - at)) {
        return to;
      }
      int last = lastBorder(Math.min(to - 1, from + wanted));
      if (last > from) {
        return last;
      }
      if (to - from <= wanted) {
        return to;
      }
      if (wanted == mostBytes) {
        throw new InputException(
            "HLA_INPUT_TEXT",
            String.format(
                Locale.ROOT,
                "%s has no place in the %d bytes from byte %d on where its tokenizer lets it be"
                    + " cut, expected one",
                place,
                wanted,
                at));
      }
      wanted *= 2;
    }
  }

  /**
   * The first border at or behind the end of the part, if it is in reach, else the last one in
   * reach; 0 if there is none.
   */
  private int lastBorder(int reach) {
    long untilEnd = end - at;
    if (untilEnd <= reach - from) {
      for (int i = from + (int) untilEnd; i <= reach; i++) {
        if (borders.between(buffer[i - 1], buffer[i])) {
          return i;
        }
      }
    }
    for (int i = (int) Math.min(reach, from + untilEnd - 1); i > from; i--) {
      if (borders.between(buffer[i - 1], buffer[i])) {
        return i;
      }
    }
    return 0;
  }

  /** Reads on: what is in the buffer moves to its front, and the buffer grows when it is full. */
  private void fill() throws IOException {
    if (from > 0) {
      System.arraycopy(buffer, from, buffer, 0, to - from);
      to -= from;
      from = 0;
    }
    if (to == buffer.length) {
      buffer =
          Arrays.copyOf(buffer, (int) Math.min(2L * buffer.length, (long) mostBytes + PIECE_BYTES));
    }
    int read = in.readNBytes(buffer, to, buffer.length - to);
    to += read;
    readAll = to < buffer.length;
  }
}
