package io.hla.spark.synthetic;

import java.util.Locale;

/**
 * What the numbers of a synthetic stream look like. Every 64-bit word of a {@link Counter} gives 2
 * or 4 numbers, lowest bits first.
 */
public enum Distribution {
  /** Mean 0, variance 1; 32 bits through {@link NormalQuantile}. */
  NORMAL(2) {
    @Override
    void put(long word, float[] to, int at) {
      to[at] = NormalQuantile.of((int) word);
      to[at + 1] = NormalQuantile.of((int) (word >> 32));
    }
  },
  /** From -1 to below 1, multiples of 2^-23; 32 bits. */
  UNIFORM(2) {
    @Override
    void put(long word, float[] to, int at) {
      to[at] = ((int) word >> 8) * 0x1p-23f;
      to[at + 1] = (int) (word >> 40) * 0x1p-23f;
    }
  },
  /** -2, -1, 0, 1 or 2, equally likely to within 2^-16; 16 bits. Sums of products stay exact. */
  INTEGER(4) {
    @Override
    void put(long word, float[] to, int at) {
      to[at] = integer((int) word);
      to[at + 1] = integer((int) (word >> 16));
      to[at + 2] = integer((int) (word >> 32));
      to[at + 3] = integer((int) (word >> 48));
    }
  };

  private final int numbersPerWord;

  Distribution(int numbersPerWord) {
    this.numbersPerWord = numbersPerWord;
  }

  /** The lower-case name that options use. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Turns one word into its numbers, {@code to[at]} and the next ones. */
  abstract void put(long word, float[] to, int at);

  /** Fills {@code to[at..at + count - 1]} from the words that begin at {@code counter}. */
  void fill(long key, long counter, float[] to, int at, int count) {
    int i = 0;
    for (; i + numbersPerWord <= count; i += numbersPerWord) {
      put(Counter.word(key, counter++), to, at + i);
    }
    if (i < count) {
      float[] last = new float[numbersPerWord];
      put(Counter.word(key, counter), last, 0);
      System.arraycopy(last, 0, to, at + i, count - i);
    }
  }

  private static float integer(int bits) {
    return ((bits & 0xFFFF) * 5 >> 16) - 2;
  }
}
