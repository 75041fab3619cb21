package io.hla.spark.parquet;

/**
 * Whether the levels of a data page are those of rows of one length: a hybrid of run lengths and
 * packed bits in which every row begins at {@code first} and goes on at {@code rest}. A run is
 * judged as a whole, whichever way a writer cut them.
 */
final class RowLevels {
  private static final int VALUES_PER_GROUP = 8;
  private static final int LONGEST_VARINT = 5;

  private final byte[] bytes;
  private final int end;
  private final int bitWidth;
  private final int period;
  private final int first;
  private final int rest;
  private int at;

  private RowLevels(
      byte[] bytes, int from, int end, int bitWidth, int period, int first, int rest) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
    this.bitWidth = bitWidth;
    this.period = period;
    this.first = first;
    this.rest = rest;
  }

  /** Whether repetition levels begin a row at every {@code width}-th of {@code count} values. */
  static boolean areRows(byte[] bytes, int from, int end, int count, int width) {
    return new RowLevels(bytes, from, end, 1, width, 0, 1).holdFor(count);
  }

  /** Whether {@code count} definition levels are {@code level}: nothing is null. */
  static boolean areAll(byte[] bytes, int from, int end, int count, int level) {
    int bitWidth = Integer.SIZE - Integer.numberOfLeadingZeros(level);
    return new RowLevels(bytes, from, end, bitWidth, 1, level, level).holdFor(count);
  }

  private boolean holdFor(int count) {
    int index = 0;
    while (index < count) {
      long header = header();
      long length = (header >>> 1) * ((header & 1) == 0 ? 1 : VALUES_PER_GROUP);
      if (header < 0 || length == 0) {
        return false;
      }
      // The last group of packed bits is filled up with values that do not count.
      int values = (int) Math.min(length, count - index);
      boolean holds = (header & 1) == 0 ? run(index, values) : packed(index, values, header >>> 1);
      if (!holds) {
        return false;
      }
      index += values;
    }
    return true;
  }

  /** A number of seven bits a byte, lowest first; -1 if the bytes end before it. */
  private long header() {
    long value = 0;
    for (int i = 0; i < LONGEST_VARINT; i++) {
      if (at >= end) {
        return -1;
      }
      byte next = bytes[at++];
      value |= (long) (next & 0x7f) << (7 * i);
      if (next >= 0) {
        return value;
      }
    }
    return -1;
  }

  private boolean run(int index, int length) {
    if (at >= end) {
      return false;
    }
    int level = bytes[at++];
    int column = index % period;
    if (period == 1 || length == 1) {
      return level == (column == 0 ? first : rest);
    }
    return column > 0 && level == rest && column + length <= period;
  }

  private boolean packed(int index, int length, long groups) {
    if (groups * bitWidth > end - at) {
      return false;
    }
    int column = index % period;
    int mask = (1 << bitWidth) - 1;
    for (int i = 0; i < length; i++) {
      int bit = i * bitWidth;
      // Levels of one or two bits never cross a byte.
      int level = bytes[at + (bit >>> 3)] >>> (bit & 7) & mask;
      if (level != (column == 0 ? first : rest)) {
        return false;
      }
      column = column + 1 == period ? 0 : column + 1;
    }
    at += (int) (groups * bitWidth);
    return true;
  }
}
