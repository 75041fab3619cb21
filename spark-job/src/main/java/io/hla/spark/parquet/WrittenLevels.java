package io.hla.spark.parquet;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.parquet.bytes.BytesUtils;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridValuesWriter;

/**
 * Repetition and definition levels of lists as a V1 data page begins with them: the length of the
 * repetition levels (4 bytes, little-endian), these, and the same of the definition levels. The
 * bytes are those that Parquet's own writer makes.
 */
final class WrittenLevels implements AutoCloseable {
  private static final int CACHED = 64;
  private static final Map<Shape, byte[]> UNIFORM = new ConcurrentHashMap<>();

  private static final int INITIAL_BYTES = 64;
  private static final int LARGEST_SLAB = 1 << 20;

  private final RunLengthBitPackingHybridValuesWriter repetition;
  private final RunLengthBitPackingHybridValuesWriter definition;

  WrittenLevels(int maxDefinition) {
    repetition = encoder(1);
    definition = encoder(maxDefinition);
  }

  private static RunLengthBitPackingHybridValuesWriter encoder(int maxLevel) {
    return new RunLengthBitPackingHybridValuesWriter(
        BytesUtils.getWidthFromMaxInt(maxLevel),
        INITIAL_BYTES,
        LARGEST_SLAB,
        HeapByteBufferAllocator.getInstance());
  }

  /** One list entry, or a row that has none. */
  void add(boolean startsRow, int level) {
    repetition.writeInteger(startsRow ? 0 : 1);
    definition.writeInteger(level);
  }

  /** One row of {@code width} values. */
  void addRow(int width, int level) {
    for (int i = 0; i < width; i++) {
      add(i == 0, level);
    }
  }

  /** Bytes so far, but for an entry or two that are not encoded yet; see {@link #bound}. */
  long size() {
    return repetition.getBufferedSize() + definition.getBufferedSize();
  }

  byte[] toBytes() throws IOException {
    byte[] first = WriterBuffers.copy(repetition.getBytes());
    byte[] second = WriterBuffers.copy(definition.getBytes());
    byte[] all = new byte[first.length + second.length];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  @Override
  public void close() {
    repetition.close();
    definition.close();
  }

  /** What {@code entries} more entries can add to {@link #size}, and what it leaves out. */
  static long bound(long entries) {
    // A byte in front of 8 levels of 1 and of 2 bits is the worst that the encoding does.
    return 5 * entries / 8 + 48;
  }

  /** What a page of {@code rows} rows of {@code width} values begins with, at most. */
  static long bound(long rows, int width) {
    // From width 16 on a row is 8 levels bit-packed, a run of all others, and what its length
    // takes.
    long ofRow = width < 16 ? (width + 3) / 4 : 4 + bytesOfRun(width);
    return 32 + rows * ofRow;
  }

  private static int bytesOfRun(int width) {
    return 1 + (31 - Integer.numberOfLeadingZeros(width << 1)) / 7;
  }

  private record Shape(int rows, int width, int maxDefinition) {}

  /**
   * The levels of a page whose rows all have one width and no null. Files of a job have pages of
   * the same few shapes, so these are kept from file to file.
   */
  static byte[] uniform(int rows, int width, int maxDefinition) throws IOException {
    Shape shape = new Shape(rows, width, maxDefinition);
    byte[] known = UNIFORM.get(shape);
    if (known == null) {
      try (WrittenLevels levels = new WrittenLevels(maxDefinition)) {
        for (int row = 0; row < rows; row++) {
          levels.addRow(width, maxDefinition);
        }
        known = levels.toBytes();
      }
      if (UNIFORM.size() >= CACHED) {
        UNIFORM.clear();
      }
      UNIFORM.put(shape, known);
    }
    return known;
  }
}
