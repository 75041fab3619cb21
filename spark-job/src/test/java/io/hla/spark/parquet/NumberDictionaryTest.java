package io.hla.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Indexes as Parquet's own encoder writes them, and bytes that nobody wrote. */
class NumberDictionaryTest {
  private final Random random = new Random(3);

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 8, 100, 255, 256, 257, 5000, 70_000})
  void findsWhatTheEncoderWrote(int size) throws Exception {
    for (int elementBytes : new int[] {Float.BYTES, Double.BYTES}) {
      byte[] numbers = new byte[size * elementBytes];
      random.nextBytes(numbers);
      NumberDictionary dictionary = new NumberDictionary(elementBytes);
      assertThat(dictionary.load(numbers, 0, numbers.length, size)).isTrue();
      for (int count : new int[] {0, 1, 7, 8, 9, 1000}) {
        int[] indexes = new int[count];
        for (int i = 0; i < count; i++) {
          // Runs, and stretches in which no index repeats.
          indexes[i] = i > 0 && i / 50 % 2 == 0 ? indexes[i - 1] : random.nextInt(size);
        }
        byte[] page = encode(indexes, size);
        byte[] found = new byte[count * elementBytes];
        int front = random.nextInt(5);
        byte[] shifted = new byte[front + page.length];
        System.arraycopy(page, 0, shifted, front, page.length);
        assertThat(dictionary.decode(shifted, front, shifted.length, count, found)).isTrue();
        assertThat(found).isEqualTo(named(indexes, numbers, elementBytes));
      }
    }
  }

  private static byte[] encode(int[] indexes, int size) throws Exception {
    int width = Integer.SIZE - Integer.numberOfLeadingZeros(size - 1);
    try (RunLengthBitPackingHybridEncoder encoder =
        new RunLengthBitPackingHybridEncoder(width, 64, 1 << 20, new HeapByteBufferAllocator())) {
      for (int index : indexes) {
        encoder.writeInt(index);
      }
      byte[] packed = WriterBuffers.copy(encoder.toBytes());
      return ByteBuffer.allocate(1 + packed.length).put((byte) width).put(packed).array();
    }
  }

  private static byte[] named(int[] indexes, byte[] numbers, int elementBytes) {
    ByteBuffer named = ByteBuffer.allocate(indexes.length * elementBytes);
    for (int index : indexes) {
      named.put(numbers, index * elementBytes, elementBytes);
    }
    return named.array();
  }

  @Test
  void indexesOfNumbersThatAreNotThereAreRefused() throws Exception {
    NumberDictionary dictionary = new NumberDictionary(Float.BYTES);
    assertThat(dictionary.load(new byte[20], 0, 20, 5)).isTrue();
    byte[] target = new byte[400];
    byte[] ofRun = encode(new int[] {5, 5, 5, 5, 5, 5, 5, 5, 5, 5}, 8);
    assertThat(dictionary.decode(ofRun, 0, ofRun.length, 10, target)).isFalse();
    byte[] packed = encode(new int[] {0, 1, 2, 3, 4, 5, 6, 7}, 8);
    assertThat(dictionary.decode(packed, 0, packed.length, 8, target)).isFalse();
    assertThat(dictionary.decode(packed, 0, packed.length, 5, target)).isTrue();
    assertThat(dictionary.decode(packed, 0, packed.length - 2, 5, target)).isFalse();
    assertThat(dictionary.decode(new byte[] {40, 3, 0}, 0, 3, 1, target)).isFalse();
    dictionary.clear();
    assertThat(dictionary.decode(packed, 0, packed.length, 5, target)).isFalse();
    assertThat(dictionary.load(new byte[20], 0, 20, 4)).isFalse();
    assertThat(dictionary.load(new byte[20], 0, 20, -1)).isFalse();
  }

  @Test
  void damagedBytesAreRefusedOrReadButNothingElse() throws Exception {
    NumberDictionary dictionary = new NumberDictionary(Double.BYTES);
    assertThat(dictionary.load(new byte[8 * 300], 0, 8 * 300, 300)).isTrue();
    int[] indexes = random.ints(500, 0, 300).toArray();
    byte[] page = encode(indexes, 300);
    byte[] target = new byte[500 * Double.BYTES + 1];
    int refused = 0;
    for (int turn = 0; turn < 20_000; turn++) {
      byte[] damaged = Arrays.copyOf(page, page.length - random.nextInt(20));
      for (int i = random.nextInt(4); i > 0; i--) {
        damaged[random.nextInt(turn % 2 == 0 ? 8 : damaged.length)] = (byte) random.nextInt();
      }
      refused += dictionary.decode(damaged, 0, damaged.length, 500, target) ? 0 : 1;
      assertThat(target[target.length - 1]).isZero();
    }
    assertThat(refused).isBetween(5_000, 19_900);
    assertThat(ByteBuffer.wrap(target).order(ByteOrder.LITTLE_ENDIAN).getLong(0)).isZero();
  }
}
