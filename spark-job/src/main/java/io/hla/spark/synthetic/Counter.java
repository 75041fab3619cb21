package io.hla.spark.synthetic;

/**
 * Random bits by counting: word n of a key is the n-th output of SplitMix64 (Steele, Lea, Flood:
 * Fast Splittable Pseudorandom Number Generators, 2014) started at that key. Any word takes the
 * same few instructions, and words of one key never repeat.
 */
final class Counter {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private Counter() {}

  /** The key of one sequence of one seed. */
  static long key(long seed, long sequence) {
    return mix(mix(seed + GOLDEN_GAMMA) + (sequence + 1) * GOLDEN_GAMMA);
  }

  static long word(long key, long counter) {
    return mix(key + counter * GOLDEN_GAMMA);
  }

  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
