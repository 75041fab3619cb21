package io.hla.spark.parquet;

import java.io.IOException;
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

  private final int definitionLevel;
  private final int width;
  private final int elementBytes;
  private final boolean withChecksum;

  /** Levels that were looked at: those of the next page are most often the same. */
  private byte[] known = NOTHING;

  private int knownRows = -1;

  private byte[] bytes = NOTHING;
  private int values;
  private int rows;

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
    bytes = NOTHING;
    rows = 0;
  }

  /**
   * Takes a page over.
   *
   * @return whether it holds lists of this width and nothing else, as plain numbers
   */
  boolean accept(DataPage page) throws IOException {
    clear();
    if (page.getValueCount() % width != 0 || (withChecksum && page.getCrc().isEmpty())) {
      return false;
    }
    boolean accepted = page instanceof DataPageV1 first ? accept(first) : accept((DataPageV2) page);
    rows = accepted ? page.getValueCount() / width : 0;
    return accepted;
  }

  private boolean accept(DataPageV1 page) throws IOException {
    if (page.getValueEncoding() != Encoding.PLAIN
        || page.getRlEncoding() != Encoding.RLE
        || page.getDlEncoding() != Encoding.RLE) {
      return false;
    }
    ByteBuffer all = array(page.getBytes());
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
    return holds(page.getValueCount(), end - numbers)
        && areLevels(
            page.getValueCount(),
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

  private boolean accept(DataPageV2 page) throws IOException {
    if (page.getDataEncoding() != Encoding.PLAIN) {
      return false;
    }
    ByteBuffer repetition = array(page.getRepetitionLevels());
    ByteBuffer definition = array(page.getDefinitionLevels());
    int split = repetition.remaining();
    ByteBuffer levels = ByteBuffer.allocate(split + definition.remaining());
    levels.put(repetition).put(definition);
    ByteBuffer numbers = array(page.getData());
    bytes = levels.array();
    if (!holds(page.getValueCount(), numbers.remaining())
        || !areLevels(page.getValueCount(), 0, split, split, bytes.length)) {
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
