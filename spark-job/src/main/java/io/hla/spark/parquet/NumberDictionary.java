package io.hla.spark.parquet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The numbers of a dictionary page, and pages that hold indexes into it: a byte of their width in
 * bits, then a hybrid of runs and packed bits. Nothing in either is believed unchecked.
 */
final class NumberDictionary extends HybridReader {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final int elementBytes;
  private long[] numbers = {};
  private int size;

  // Of the page that is being read.
  private int width;
  private byte[] target;

  /**
   * @param elementBytes bytes of a number, 4 or 8
   */
  NumberDictionary(int elementBytes) {
    this.elementBytes = elementBytes;
  }

  /** Forgets all numbers: another column chunk begins. */
  void clear() {
    size = 0;
  }

  /**
   * Takes the numbers of a dictionary page.
   *
   * @return false if the bytes are not those of so many numbers
   */
  boolean load(byte[] page, int from, int length, int count) {
    size = 0;
    if (count < 0 || length != (long) count * elementBytes) {
      return false;
    }
    if (numbers.length < count) {
      numbers = new long[count];
    }
    for (int i = 0; i < count; i++) {
      int place = from + i * elementBytes;
      numbers[i] =
          elementBytes == Float.BYTES ? (int) INT.get(page, place) : (long) LONG.get(page, place);
    }
    size = count;
    return true;
  }

  /**
   * Puts the numbers that a page's indexes name side by side.
   *
   * @param target at least {@code count} numbers long
   * @return false if the page does not hold {@code count} indexes of numbers that are there
   */
  boolean decode(byte[] page, int from, int to, int count, byte[] target) {
    if (from == to) {
      return count == 0;
    }
    width = page[from] & 0xff;
    this.target = target;
    try {
      return width <= Integer.SIZE && read(page, from + 1, to, count);
    } finally {
      this.target = null;
      bytes = null;
    }
  }

  @Override
  boolean run(int first, int count) {
    int ofIndex = (width + 7) / 8;
    if (ofIndex > end - at) {
      return false;
    }
    long index = 0;
    for (int i = 0; i < ofIndex; i++) {
      index |= (bytes[at++] & 0xffL) << (8 * i);
    }
    if (index >= size) {
      return false;
    }
    for (int i = first; i < first + count; i++) {
      put(i, numbers[(int) index]);
    }
    return true;
  }

  @Override
  boolean packed(int first, int count, long groups) {
    long length = groups * width;
    // Some writers leave out what fills the last group up.
    long needed = ((long) count * width + 7) / 8;
    if (needed > end - at) {
      return false;
    }
    long mask = (1L << width) - 1;
    // An index of up to 32 bits lies within 8 bytes, wherever it begins; such a read must not pass
    // the end of the array.
    int whole = (int) Math.min(count, Math.max(0, bytes.length - at - 8) * 8L / Math.max(1, width));
    for (int i = 0; i < count; i++) {
      long bit = (long) i * width;
      int place = at + (int) (bit >>> 3);
      long word = i < whole ? (long) LONG.get(bytes, place) : last(place);
      long index = word >>> (bit & 7) & mask;
      if (index >= size) {
        return false;
      }
      put(first + i, numbers[(int) index]);
    }
    at += (int) Math.min(length, end - at);
    return true;
  }

  /** Up to 8 bytes from a place near the end of the array. */
  private long last(int place) {
    long word = 0;
    for (int i = Math.min(8, bytes.length - place) - 1; i >= 0; i--) {
      word = word << 8 | bytes[place + i] & 0xff;
    }
    return word;
  }

  private void put(int i, long number) {
    if (elementBytes == Float.BYTES) {
      INT.set(target, i * Float.BYTES, (int) number);
    } else {
      LONG.set(target, i * Double.BYTES, number);
    }
  }
}
