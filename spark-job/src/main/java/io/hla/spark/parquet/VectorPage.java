package io.hla.spark.parquet;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * The data pages of a column of lists of {@code width} numbers, one at a time. What a page is made
 * of is looked at before anything in it is believed: its encodings, the levels of all its values,
 * and that it holds the numbers that they ask for.
 */
final class VectorPage {
  private static final byte[] NOTHING = {};

  /** Bytes that the levels of a value take at most: two runs of one value, each of two bytes. */
  private static final int LEVELS_OF_A_VALUE = 4;

  /** The same of a page: lengths of levels and groups that are filled up. */
  private static final int MOST_LEVELS = 64;

  /** Numbers that repeat take few bytes: a page of them may hold more than there is memory for. */
  private static final int LARGEST_DECODED = 64 << 20;

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

  private final PageDecompressor decompressor;
  private final NumberDictionary dictionary;
  private CompressionCodecName codec;
  private byte[] bytes = NOTHING;
  private int values;
  private int valuesEnd;
  private int rows;

  /** The numbers of pages in which they do not lie side by side, put so. */
  private byte[] together = NOTHING;

  /**
   * @param column a leaf of repetition level 1
   * @param width numbers of a list, at least 1
   * @param elementBytes bytes of a number
   * @param withChecksum whether pages without a checksum are none to be believed
   * @param decompressor used by this page alone
   */
  VectorPage(
      ColumnDescriptor column,
      int width,
      int elementBytes,
      boolean withChecksum,
      PageDecompressor decompressor) {
    this.decompressor = decompressor;
    this.withChecksum = withChecksum;
    this.definitionLevel = column.getMaxDefinitionLevel();
    this.width = width;
    this.elementBytes = elementBytes;
    this.dictionary = new NumberDictionary(elementBytes);
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

  /** Begins another column chunk, which has a dictionary of its own or none. */
  void startChunk(CompressionCodecName codec) {
    this.codec = codec;
    dictionary.clear();
  }

  /**
   * Takes over the dictionary page that was read last.
   *
   * @return whether it holds numbers
   * @throws IOException if it cannot be decompressed
   */
  boolean acceptDictionary(PageHeader header, ChunkPages pages) throws IOException {
    DictionaryPageHeader data = header.getDictionary_page_header();
    int size = header.getUncompressed_page_size();
    if ((withChecksum && !header.isSetCrc())
        || (data.getEncoding() != Encoding.PLAIN && !isDictionary(data.getEncoding()))
        || size != (long) data.getNum_values() * elementBytes) {
      return false;
    }
    ByteBuffer numbers =
        decompressor.decompress(codec, pages.bytes(), pages.start(), pages.length(), size);
    return dictionary.load(
        numbers.array(),
        numbers.arrayOffset() + numbers.position(),
        numbers.remaining(),
        data.getNum_values());
  }

  /**
   * Takes over the page that was read last.
   *
   * @return whether it holds lists of this width and nothing else
   * @throws IOException if it cannot be decompressed
   */
  boolean accept(PageHeader header, ChunkPages pages) throws IOException {
    clear();
    if (withChecksum && !header.isSetCrc()) {
      return false;
    }
    Encoding encoding;
    int count;
    boolean accepted;
    if (header.isSetData_page_header()) {
      encoding = header.getData_page_header().getEncoding();
      count = header.getData_page_header().getNum_values();
      accepted = isKnown(encoding, count) && isFirstVersion(header, pages);
    } else if (header.isSetData_page_header_v2()) {
      encoding = header.getData_page_header_v2().getEncoding();
      count = header.getData_page_header_v2().getNum_values();
      accepted = isKnown(encoding, count) && isSecondVersion(header, pages);
    } else {
      return false;
    }
    if (!accepted || !layOut(encoding, count)) {
      return false;
    }
    rows = count / width;
    return true;
  }

  private static boolean isDictionary(Encoding encoding) {
    return encoding == Encoding.RLE_DICTIONARY || encoding == Encoding.PLAIN_DICTIONARY;
  }

  private boolean isKnown(Encoding encoding, int count) {
    return (encoding == Encoding.PLAIN
            || encoding == Encoding.BYTE_STREAM_SPLIT
            || isDictionary(encoding))
        && count >= 0
        && count <= Integer.MAX_VALUE / elementBytes
        && count % width == 0;
  }

  /** Sees to it that the numbers lie side by side; false if the page does not hold so many. */
  private boolean layOut(Encoding encoding, int count) {
    if (!isDictionary(encoding)) {
      if (valuesEnd - values != (long) count * elementBytes) {
        return false;
      }
      if (encoding == Encoding.PLAIN) {
        return true;
      }
    }
    int length = count * elementBytes;
    if (isDictionary(encoding) && length > LARGEST_DECODED) {
      return false;
    }
    if (together.length < length) {
      together = new byte[length];
    }
    if (encoding == Encoding.BYTE_STREAM_SPLIT) {
      putTogether(count);
    } else if (!dictionary.decode(bytes, values, valuesEnd, count, together)) {
      return false;
    }
    bytes = together;
    values = 0;
    return true;
  }

  /** Whether levels and values of so many bytes in all can be those of {@code count} values. */
  private boolean isPlausible(int size, int count) {
    return size >= 0 && size <= MOST_LEVELS + (long) count * (elementBytes + LEVELS_OF_A_VALUE);
  }

  /** Of a page that holds the first bytes of all its numbers, then the second ones, and so on. */
  private void putTogether(int count) {
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
  }

  /** Levels behind their lengths, and values, all of them compressed together. */
  private boolean isFirstVersion(PageHeader header, ChunkPages pages) throws IOException {
    DataPageHeader data = header.getData_page_header();
    int count = data.getNum_values();
    int size = header.getUncompressed_page_size();
    if (data.getRepetition_level_encoding() != Encoding.RLE
        || data.getDefinition_level_encoding() != Encoding.RLE
        || !isPlausible(size, count)) {
      return false;
    }
    ByteBuffer all =
        decompressor
            .decompress(codec, pages.bytes(), pages.start(), pages.length(), size)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN);
    int repetition = Integer.BYTES;
    int definition = endOfLevels(all, repetition, size) + Integer.BYTES;
    int numbers = definition < repetition ? -1 : endOfLevels(all, definition, size);
    if (numbers < definition) {
      return false;
    }
    bytes = all.array();
    int base = all.arrayOffset();
    values = base + numbers;
    valuesEnd = base + size;
    return areLevels(
        count,
        bytes,
        base + repetition,
        base + definition - Integer.BYTES,
        base + definition,
        values);
  }

  /** Behind levels that start at {@code from}, behind their length; -1 if they do not fit in. */
  private static int endOfLevels(ByteBuffer all, int from, int end) {
    if (from < Integer.BYTES || from > end) {
      return -1;
    }
    int length = all.getInt(from - Integer.BYTES);
    return length < 0 || length > end - from ? -1 : from + length;
  }

  /** Levels as they are, then values, which may be compressed. */
  private boolean isSecondVersion(PageHeader header, ChunkPages pages) throws IOException {
    DataPageHeaderV2 data = header.getData_page_header_v2();
    int count = data.getNum_values();
    int size = header.getUncompressed_page_size();
    int ofRepetition = data.getRepetition_levels_byte_length();
    int ofDefinition = data.getDefinition_levels_byte_length();
    long levels = (long) ofRepetition + ofDefinition;
    if (ofRepetition < 0
        || ofDefinition < 0
        || levels > Math.min(size, pages.length())
        || !isPlausible(size, count)) {
      return false;
    }
    int split = pages.start() + ofRepetition;
    int end = split + ofDefinition;
    if (!areLevels(count, pages.bytes(), pages.start(), split, split, end)) {
      return false;
    }
    ByteBuffer numbers =
        decompressor.decompress(
            data.isSetIs_compressed() && !data.isIs_compressed()
                ? CompressionCodecName.UNCOMPRESSED
                : codec,
            pages.bytes(),
            end,
            pages.length() - (int) levels,
            size - (int) levels);
    bytes = numbers.array();
    values = numbers.arrayOffset() + numbers.position();
    valuesEnd = values + numbers.remaining();
    return true;
  }

  private boolean areLevels(
      int count,
      byte[] levels,
      int repetition,
      int repetitionEnd,
      int definition,
      int definitionEnd) {
    if (knownRows == count / width
        && Arrays.equals(known, 0, known.length, levels, repetition, definitionEnd)) {
      return true;
    }
    if (!RowLevels.areRows(levels, repetition, repetitionEnd, count, width)
        || !RowLevels.areAll(levels, definition, definitionEnd, count, definitionLevel)) {
      return false;
    }
    known = Arrays.copyOfRange(levels, repetition, definitionEnd);
    knownRows = count / width;
    return true;
  }
}
