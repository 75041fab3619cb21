package io.hla.spark.parquet;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.DataPageV1;
import org.apache.parquet.column.page.DataPageV2;

/**
 * The data pages of a column of lists of {@code width} numbers, one at a time. What a page is made
 * of is looked at before anything in it is believed: its encodings, the levels of all its values,
 * and that it holds the numbers that they ask for.
 */
final class VectorPage {
  private static final byte[] NOTHING = {};
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final int definitionLevel;
  private final int width;
  private final int elementBytes;
  private final boolean withChecksum;

  /** Levels that were looked at: those of the next page are most often the same. */
  private byte[] known = NOTHING;

  private int knownRows = -1;

  private byte[] page = NOTHING;
  private byte[] bytes = NOTHING;
  private int values;
  private int rows;

  /** The numbers of pages that keep their bytes apart, put together. */
  private byte[] together = NOTHING;

  /**
   * @param column a leaf of repetition level 1
   * @param width numbers of a list, at least 1
   * @param elementBytes bytes of a number
   * @param withChecksum whether pages without a checksum are none to be believed
   */
  VectorPage(ColumnDescriptor column, int width, int elementBytes, boolean withChecksum) {
    this.withChecksum = withChecksum;
    this.definitionLevel = column.getMaxDefinitionLevel();
    this.width = width;
    this.elementBytes = elementBytes;
  }

  /** The array that the page came in. */
  byte[] page() {
    return page;
  }

  /** The array that holds the numbers of the page. */
  byte[] bytes() {
    return bytes;
  }

  /** Where in {@link #bytes} the numbers of a row start. */
  int offset(int row) {
    return values + row * width * elementBytes;
  }

  int rows() {
    return rows;
  }

  /** Lets go of the page. */
  void clear() {
    page = NOTHING;
    bytes = NOTHING;
    rows = 0;
  }

  /**
   * Takes a page over.
   *
   * @return whether it holds lists of this width and nothing else, as numbers that lie side by side
   */
  boolean accept(DataPage next) throws IOException {
    clear();
    if (next.getValueCount() % width != 0 || (withChecksum && next.getCrc().isEmpty())) {
      return false;
    }
    boolean accepted = next instanceof DataPageV1 first ? accept(first) : accept((DataPageV2) next);
    page = bytes;
    if (!accepted) {
      return false;
    }
    Encoding encoding =
        next instanceof DataPageV1 first
            ? first.getValueEncoding()
            : ((DataPageV2) next).getDataEncoding();
    if (encoding == Encoding.BYTE_STREAM_SPLIT) {
      putTogether(next.getValueCount());
    }
    rows = next.getValueCount() / width;
    return true;
  }

  private static boolean isKnown(Encoding encoding) {
    return encoding == Encoding.PLAIN || encoding == Encoding.BYTE_STREAM_SPLIT;
  }

  /** Of a page that holds the first bytes of all its numbers, then the second ones, and so on. */
  private void putTogether(int count) {
    int length = count * elementBytes;
    if (together.length < length) {
      together = new byte[length];
    }
    for (int i = 0; i < count; i++) {
      long number = 0;
      for (int b = elementBytes - 1; b >= 0; b--) {
        number = number << 8 | bytes[values + b * count + i] & 0xff;
      }
      if (elementBytes == Float.BYTES) {
        INT.set(together, i * elementBytes, (int) number);
      } else {
        LONG.set(together, i * elementBytes, number);
      }
    }
    bytes = together;
    values = 0;
  }

  private boolean accept(DataPageV1 data) throws IOException {
    if (!isKnown(data.getValueEncoding())
        || data.getRlEncoding() != Encoding.RLE
        || data.getDlEncoding() != Encoding.RLE) {
      return false;
    }
    ByteBuffer all = array(data.getBytes());
    int end = all.limit();
    int repetition = all.position() + Integer.BYTES;
    int definition = endOfLevels(all, repetition, end) + Integer.BYTES;
    int numbers = definition < repetition ? -1 : endOfLevels(all, definition, end);
    if (numbers < definition) {
      return false;
    }
    bytes = all.array();
    int base = all.arrayOffset();
    values = base + numbers;
    return holds(data.getValueCount(), end - numbers)
        && areLevels(
            data.getValueCount(),
            base + repetition,
            base + definition - Integer.BYTES,
            base + definition,
            base + numbers);
  }

  /** Behind levels that start at {@code from}, behind their length; -1 if they do not fit in. */
  private static int endOfLevels(ByteBuffer all, int from, int end) {
    if (from < Integer.BYTES || from > end) {
      return -1;
    }
    int length = all.getInt(from - Integer.BYTES);
    return length < 0 || length > end - from ? -1 : from + length;
  }

  private boolean accept(DataPageV2 data) throws IOException {
    if (!isKnown(data.getDataEncoding())) {
      return false;
    }
    ByteBuffer repetition = array(data.getRepetitionLevels());
    ByteBuffer definition = array(data.getDefinitionLevels());
    int split = repetition.remaining();
    ByteBuffer levels = ByteBuffer.allocate(split + definition.remaining());
    levels.put(repetition).put(definition);
    ByteBuffer numbers = array(data.getData());
    bytes = levels.array();
    if (!holds(data.getValueCount(), numbers.remaining())
        || !areLevels(data.getValueCount(), 0, split, split, bytes.length)) {
      return false;
    }
    bytes = numbers.array();
    values = numbers.arrayOffset() + numbers.position();
    return true;
  }

  private static ByteBuffer array(BytesInput input) throws IOException {
    return PageBuffers.onHeap(input).order(ByteOrder.LITTLE_ENDIAN);
  }

  private boolean holds(int count, int length) {
    return length == (long) count * elementBytes;
  }

  private boolean areLevels(
      int count, int repetition, int repetitionEnd, int definition, int definitionEnd) {
    int from = Math.min(repetition, definition);
    if (knownRows == count / width
        && Arrays.equals(known, 0, known.length, bytes, from, definitionEnd)) {
      return true;
    }
    if (!RowLevels.areRows(bytes, repetition, repetitionEnd, count, width)
        || !RowLevels.areAll(bytes, definition, definitionEnd, count, definitionLevel)) {
      return false;
    }
    known = Arrays.copyOfRange(bytes, from, definitionEnd);
    knownRows = count / width;
    return true;
  }
}
