package io.hla.spark.parquet;

import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.unsafe.Platform;

/**
 * The page that rows are put into: room for levels, then values, in one array. A page begins
 * uniform: rows of one width without nulls, whose levels follow from (rows, width) in the end. A
 * mixed page keeps the levels of every entry.
 */
final class VectorPageWriter {
  private final ListLevels list;
  private final int valueBytes;
  private final int mostRows;
  private final int mostEntries;
  private final WriterBuffers buffers;

  /** Null while no row is in the page. */
  private byte[] buffer;

  /** Null while the page is uniform. */
  private WrittenLevels levels;

  private int start;
  private int end;
  private int rows;
  private int entries;
  private int width;
  private int uniformRows;

  /**
   * @param valueBytes bytes of a value, 4 for float and 8 for double
   * @param mostRows rows of a page, at most
   * @param mostEntries values and nulls of a page, at most, unless one row has more
   */
  VectorPageWriter(
      ListLevels list, int valueBytes, int mostRows, int mostEntries, WriterBuffers buffers) {
    this.list = list;
    this.valueBytes = valueBytes;
    this.mostRows = mostRows;
    this.mostEntries = mostEntries;
    this.buffers = buffers;
  }

  boolean isEmpty() {
    return buffer == null;
  }

  /** Bytes of values so far, and about those of levels. */
  long size() {
    return end - start + (levels == null ? 0 : levels.size());
  }

  /**
   * Whether a row can go into this page. A uniform page that is not yet half full becomes a mixed
   * one for a row of another kind, so that ragged tables do not have a page for every row.
   */
  boolean takes(int count, boolean plain) {
    if (levels == null && plain && count == width) {
      return rows < uniformRows;
    }
    if (levels == null) {
      if (size() >= buffers.size() / 2) {
        return false;
      }
      mix();
    }
    int added = Math.max(1, count);
    long bytes = (long) count * valueBytes;
    return rows < mostRows
        && (long) entries + added <= mostEntries
        && end + bytes <= buffer.length
        && size() + bytes + WrittenLevels.bound(added) <= buffers.size();
  }

  private void mix() {
    levels = new WrittenLevels(list.value());
    for (int row = 0; row < rows; row++) {
      levels.addRow(width, list.value());
    }
  }

  /** Begins a page for a row and others of its kind. */
  void begin(int count, boolean plain) {
    if (plain) {
      beginUniform(count);
    } else {
      levels = new WrittenLevels(list.value());
      buffer = buffers.take(Math.multiplyExact(count, valueBytes));
      start = 0;
    }
    end = start;
    rows = 0;
    entries = 0;
  }

  private void beginUniform(int count) {
    long ofRow = (long) count * valueBytes;
    long none = WrittenLevels.bound(0, count);
    long ofLevels = WrittenLevels.bound(1, count) - none;
    long fitting = (buffers.size() - none) / (ofRow + ofLevels);
    fitting = Math.min(fitting, Math.min(mostRows, mostEntries / count));
    width = count;
    uniformRows = (int) Math.max(1, fitting);
    start = (int) WrittenLevels.bound(uniformRows, count);
    buffer = buffers.take(Math.toIntExact(start + uniformRows * ofRow));
  }

  /** Appends a list that is null. */
  void addNull() {
    levels.add(true, list.nullList());
    entries++;
    rows++;
  }

  /** Appends a list; {@code plain} if it has values and no null. */
  void add(ArrayData vector, int count, boolean plain) {
    if (plain) {
      copy(vector, count);
      entries += count;
      if (levels != null) {
        levels.addRow(count, list.value());
      }
    } else if (count == 0) {
      levels.add(true, list.emptyList());
      entries++;
    } else {
      for (int i = 0; i < count; i++) {
        boolean isNull = vector.isNullAt(i);
        levels.add(i == 0, isNull ? list.nullValue() : list.value());
        if (!isNull) {
          put(vector, i);
        }
      }
      entries += count;
    }
    rows++;
  }

  private void copy(ArrayData vector, int count) {
    if (vector instanceof UnsafeArrayData unsafe) {
      int bytes = count * valueBytes;
      Platform.copyMemory(
          unsafe.getBaseObject(),
          unsafe.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(count),
          buffer,
          (long) Platform.BYTE_ARRAY_OFFSET + end,
          bytes);
      end += bytes;
    } else {
      for (int i = 0; i < count; i++) {
        put(vector, i);
      }
    }
  }

  private void put(ArrayData vector, int i) {
    long at = (long) Platform.BYTE_ARRAY_OFFSET + end;
    if (valueBytes == Float.BYTES) {
      Platform.putFloat(buffer, at, vector.getFloat(i));
    } else {
      Platform.putDouble(buffer, at, vector.getDouble(i));
    }
    end += valueBytes;
  }

  /** What a page is made of; {@code bytes} look into {@code buffer}. */
  record Page(BytesInput bytes, int entries, int rows, byte[] buffer) {}

  /** Ends the page; the next row begins another. */
  Page finish() throws IOException {
    byte[] first =
        levels == null ? WrittenLevels.uniform(rows, width, list.value()) : levels.toBytes();
    BytesInput bytes;
    if (first.length <= start) {
      int from = start - first.length;
      System.arraycopy(first, 0, buffer, from, first.length);
      bytes = BytesInput.from(buffer, from, end - from);
    } else {
      bytes =
          BytesInput.concat(BytesInput.from(first), BytesInput.from(buffer, start, end - start));
    }
    Page page = new Page(bytes, entries, rows, buffer);
    clear();
    return page;
  }

  /** Forgets the rows of this page. */
  void clear() {
    if (levels != null) {
      levels.close();
    }
    levels = null;
    buffer = null;
    start = 0;
    end = 0;
  }
}
