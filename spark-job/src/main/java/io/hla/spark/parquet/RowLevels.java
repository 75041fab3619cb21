package io.hla.spark.parquet;

/**
 * Whether the levels of a data page are those of rows of one length: a hybrid of run lengths and
 * packed bits in which every row begins at {@code first} and goes on at {@code rest}. A run is
 * judged as a whole, whichever way a writer cut them.
 */
final class RowLevels extends HybridReader {
  private final int bitWidth;
  private final int period;
  private final int first;
  private final int rest;

  private RowLevels(int bitWidth, int period, int first, int rest) {
    this.bitWidth = bitWidth;
    this.period = period;
    this.first = first;
    this.rest = rest;
  }

  /** Whether repetition levels begin a row at every {@code width}-th of {@code count} values. */
  static boolean areRows(byte[] bytes, int from, int end, int count, int width) {
    return new RowLevels(1, width, 0, 1).read(bytes, from, end, count);
  }

  /** Whether {@code count} definition levels are {@code level}: nothing is null. */
  static boolean areAll(byte[] bytes, int from, int end, int count, int level) {
    int bitWidth = Integer.SIZE - Integer.numberOfLeadingZeros(level);
    return new RowLevels(bitWidth, 1, level, level).read(bytes, from, end, count);
  }

  @Override
  boolean run(int index, int length) {
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

  @Override
  boolean packed(int index, int length, long groups) {
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
