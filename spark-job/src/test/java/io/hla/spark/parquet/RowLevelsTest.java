package io.hla.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against levels as Parquet's own encoder, and others that cut runs elsewhere, write them. */
class RowLevelsTest {
  private static final long SEED = 5;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 64, 100, 512})
  void rowsOfOneWidthAreSeenInEveryEncoding(int width) throws IOException {
    Random random = new Random(SEED + width);
    for (int rows : new int[] {1, 2, 3, 8, 50}) {
      int[] levels = rows(rows, width);
      for (byte[] bytes : encodings(levels, 1, random)) {
        assertThat(areRows(bytes, levels.length, width)).isTrue();
        assertThat(rows == 1 || !areRows(bytes, levels.length, width + 1)).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8, 16, 33})
  void oneLevelThatDiffersIsSeen(int width) throws IOException {
    Random random = new Random(SEED + width);
    int[] levels = rows(20, width);
    for (int i = 0; i < levels.length; i++) {
      int[] changed = levels.clone();
      changed[i] = 1 - changed[i];
      for (byte[] bytes : encodings(changed, 1, random)) {
        assertThat(areRows(bytes, levels.length, width)).isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void everyValueHasToBeThere(int level) throws IOException {
    Random random = new Random(SEED);
    int bitWidth = level == 1 ? 1 : 2;
    int[] levels = new int[333];
    Arrays.fill(levels, level);
    for (byte[] bytes : encodings(levels, bitWidth, random)) {
      assertThat(RowLevels.areAll(bytes, 0, bytes.length, levels.length, level)).isTrue();
    }
    for (int i = 0; i < levels.length; i++) {
      int[] changed = levels.clone();
      changed[i] = level - 1;
      for (byte[] bytes : encodings(changed, bitWidth, random)) {
        assertThat(RowLevels.areAll(bytes, 0, bytes.length, levels.length, level)).isFalse();
      }
    }
  }

  @Test
  void bytesThatEndTooSoonOrMeanNothingAreNoLevels() throws IOException {
    Random random = new Random(SEED);
    int[] levels = rows(40, 5);
    for (byte[] bytes : encodings(levels, 1, random)) {
      for (int length = 0; length < bytes.length; length++) {
        assertThat(RowLevels.areRows(bytes, 0, length, levels.length, 5)).isFalse();
      }
    }
    for (int i = 0; i < 20_000; i++) {
      byte[] noise = new byte[random.nextInt(40)];
      random.nextBytes(noise);
      assertThat(RowLevels.areRows(noise, 0, noise.length, 1000, 5)).isFalse();
    }
  }

  private static boolean areRows(byte[] bytes, int count, int width) {
    byte[] inside = new byte[bytes.length + 5];
    System.arraycopy(bytes, 0, inside, 3, bytes.length);
    return RowLevels.areRows(inside, 3, 3 + bytes.length, count, width);
  }

  private static int[] rows(int rows, int width) {
    int[] levels = new int[rows * width];
    Arrays.setAll(levels, i -> i % width == 0 ? 0 : 1);
    return levels;
  }

  private static byte[][] encodings(int[] levels, int bitWidth, Random random) throws IOException {
    return new byte[][] {
      byParquet(levels, bitWidth),
      mixed(levels, bitWidth, random, 0),
      mixed(levels, bitWidth, random, 1),
      mixed(levels, bitWidth, random, 0.5)
    };
  }

  private static byte[] byParquet(int[] levels, int bitWidth) throws IOException {
    try (RunLengthBitPackingHybridEncoder encoder =
        new RunLengthBitPackingHybridEncoder(
            bitWidth, 64, 1 << 20, HeapByteBufferAllocator.getInstance())) {
      for (int level : levels) {
        encoder.writeInt(level);
      }
      byte[] bytes = encoder.toBytes().toInputStream().readAllBytes();
      return bytes;
    }
  }

  /** Runs and packed groups by chance, runs also where the level goes on. */
  private static byte[] mixed(int[] levels, int bitWidth, Random random, double packed) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int at = 0;
    while (at < levels.length) {
      if (random.nextDouble() < packed) {
        int groups = 1 + random.nextInt(20);
        // Only the last group may hold more than there is.
        groups = Math.min(groups, (levels.length - at + 7) / 8);
        varint(bytes, groups << 1 | 1);
        long bits = 0;
        int filled = 0;
        for (int i = 0; i < groups * 8; i++) {
          long level = at + i < levels.length ? levels[at + i] : random.nextInt(1 << bitWidth);
          bits |= level << filled;
          filled += bitWidth;
          if (filled == 8) {
            bytes.write((int) bits);
            bits = 0;
            filled = 0;
          }
        }
        at = Math.min(levels.length, at + groups * 8);
      } else {
        int length = 1;
        while (at + length < levels.length
            && levels[at + length] == levels[at]
            && random.nextInt(10) > 0) {
          length++;
        }
        varint(bytes, length << 1);
        bytes.write(levels[at]);
        at += length;
      }
    }
    return bytes.toByteArray();
  }

  private static void varint(ByteArrayOutputStream bytes, int value) {
    int rest = value;
    while (rest > 0x7f) {
      bytes.write(rest & 0x7f | 0x80);
      rest >>>= 7;
    }
    bytes.write(rest);
  }
}
