package io.hla.spark.parquet;

/**
 * Goes through small numbers as Parquet stores them: a hybrid of runs of one number and groups of
 * packed bits. What the bytes say is not believed: nothing is read behind their end.
 */
abstract class HybridReader {
  private static final int VALUES_PER_GROUP = 8;

  /** What is read; {@link #at} is the next byte and {@link #end} the one behind the last. */
  byte[] bytes;

  int at;
  int end;

  /**
   * Reads numbers.
   *
   * @return false if the bytes do not hold so many, or one of them is not to be had
   */
  final boolean read(byte[] bytes, int from, int end, int count) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
    int index = 0;
    while (index < count) {
      long header = header();
      boolean isRun = (header & 1) == 0;
      long length = (header >>> 1) * (isRun ? 1 : VALUES_PER_GROUP);
      if (header < 0 || length == 0) {
        return false;
      }
      // The last group of packed bits is filled up with values that do not count.
      int values = (int) Math.min(length, count - index);
      if (!(isRun ? run(index, values) : packed(index, values, header >>> 1))) {
        return false;
      }
      index += values;
    }
    return true;
  }

  /** A number of seven bits a byte, lowest first; -1 if the bytes end before it. */
  private long header() {
    long value = 0;
    for (int shift = 0; shift < Integer.SIZE && at < end; shift += 7) {
      byte next = bytes[at++];
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    return -1;
  }

  /**
   * One number stands for {@code length} of them, the first of which is the {@code index}-th.
   *
   * @return whether it is to be had; what it took is behind {@link #at} then
   */
  abstract boolean run(int index, int length);

  /**
   * The numbers stand side by side.
   *
   * @param groups of eight numbers, of which {@code length} count
   * @return whether they are to be had; what the groups took is behind {@link #at} then
   */
  abstract boolean packed(int index, int length, long groups);
}
