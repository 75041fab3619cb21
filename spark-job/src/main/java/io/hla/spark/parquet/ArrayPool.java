package io.hla.spark.parquet;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Large arrays that go from file to file. Java clears every new one, which for arrays of this size
 * costs as much as filling them. Arrays that nobody uses are left to the collector.
 */
final class ArrayPool {
  private static final int GRAIN = 64 << 10;
  private static final Map<Integer, Deque<WeakReference<byte[]>>> FREE = new HashMap<>();

  private ArrayPool() {}

  /** An array of at least this length, with anything in it. */
  static byte[] take(int length) {
    int rounded = length(length);
    synchronized (FREE) {
      Deque<WeakReference<byte[]>> free = FREE.get(rounded);
      while (free != null && !free.isEmpty()) {
        byte[] array = free.pop().get();
        if (array != null) {
          return array;
        }
      }
      FREE.remove(rounded);
    }
    return new byte[rounded];
  }

  /** How long arrays of at least this length are. */
  static int length(int least) {
    return Math.toIntExact(((long) least + GRAIN - 1) / GRAIN * GRAIN);
  }

  /** Takes back an array of {@link #take} that nobody reads or writes any more. */
  static void give(byte[] array) {
    synchronized (FREE) {
      FREE.computeIfAbsent(array.length, key -> new ArrayDeque<>())
          .push(new WeakReference<>(array));
    }
  }
}
