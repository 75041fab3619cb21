package io.hla.spark.parquet;

import java.io.IOException;
import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DataPage;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.page.PageReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.Platform;

/** A column of lists of one width in one file, read in pieces that need not end where pages do. */
final class VectorColumn {
  private static final int LARGEST_ROW = 1 << 24;

  private final ColumnDescriptor column;
  private final int rowBytes;
  private final PageBuffers buffers;
  private final VectorPage page;
  private final ListVector vector;
  private PageReader pages;
  private int row;
  private byte[] joined = new byte[0];

  private VectorColumn(
      ColumnDescriptor column,
      DataType element,
      int width,
      boolean withChecksum,
      PageBuffers buffers) {
    this.column = column;
    this.rowBytes = width * element.defaultSize();
    this.buffers = buffers;
    this.page = new VectorPage(column, width, element.defaultSize(), withChecksum);
    this.vector = new ListVector(element, width);
  }

  /**
   * A column of a file.
   *
   * @param name of the column in the file
   * @param element type of the numbers that are asked for
   * @param rowGroups those that will be read
   * @param withChecksum whether pages must have a checksum
   * @return null if the footer does not promise plain lists of one width without nulls
   */
  static VectorColumn of(
      MessageType schema,
      String name,
      DataType element,
      List<BlockMetaData> rowGroups,
      boolean withChecksum,
      PageBuffers buffers) {
    Type field = schema.getType(name);
    PrimitiveTypeName stored =
        element.equals(DataTypes.FloatType) ? PrimitiveTypeName.FLOAT : PrimitiveTypeName.DOUBLE;
    if (!isList(field)) {
      return null;
    }
    List<ColumnDescriptor> leaves =
        schema.getColumns().stream().filter(leaf -> leaf.getPath()[0].equals(name)).toList();
    ColumnDescriptor leaf = leaves.get(0);
    if (leaves.size() > 1
        || leaf.getMaxRepetitionLevel() != 1
        || leaf.getPrimitiveType().getPrimitiveTypeName() != stored) {
      return null;
    }
    long width = 0;
    for (BlockMetaData rowGroup : rowGroups) {
      long found = width(rowGroup, leaf);
      if (found < 1 || (width > 0 && found != width)) {
        return null;
      }
      width = found;
    }
    if (width * element.defaultSize() > LARGEST_ROW) {
      return null;
    }
    // A split that begins behind the middle of its row group has none, and no rows.
    return new VectorColumn(leaf, element, Math.max(1, (int) width), withChecksum, buffers);
  }

  /** The shapes that every reader takes for a list of numbers. */
  private static boolean isList(Type field) {
    if (field.isPrimitive()) {
      return field.isRepetition(Type.Repetition.REPEATED);
    }
    GroupType list = field.asGroupType();
    if (!LogicalTypeAnnotation.listType().equals(list.getLogicalTypeAnnotation())
        || list.getFieldCount() != 1
        || !list.getType(0).isRepetition(Type.Repetition.REPEATED)) {
      return false;
    }
    Type repeated = list.getType(0);
    // A group of these names was once the element itself.
    return repeated.isPrimitive()
        || (repeated.asGroupType().getFieldCount() == 1
            && repeated.asGroupType().getType(0).isPrimitive()
            && !repeated.getName().equals("array")
            && !repeated.getName().equals(list.getName() + "_tuple"));
  }

  /** The width that a row group promises, or 0. */
  private static long width(BlockMetaData rowGroup, ColumnDescriptor leaf) {
    for (ColumnChunkMetaData chunk : rowGroup.getColumns()) {
      if (List.of(chunk.getPath().toArray()).equals(List.of(leaf.getPath()))) {
        boolean mayHaveNulls =
            chunk.getStatistics() != null
                && chunk.getStatistics().isNumNullsSet()
                && chunk.getStatistics().getNumNulls() > 0;
        boolean isPlain = chunk.getEncodings().stream().noneMatch(Encoding::usesDictionary);
        boolean isEven =
            rowGroup.getRowCount() > 0 && chunk.getValueCount() % rowGroup.getRowCount() == 0;
        return isPlain && isEven && !mayHaveNulls
            ? chunk.getValueCount() / rowGroup.getRowCount()
            : 0;
      }
    }
    return 0;
  }

  ColumnDescriptor descriptor() {
    return column;
  }

  /** What {@link #read} has read. */
  ListVector vector() {
    return vector;
  }

  void start(PageReadStore rowGroup) {
    pages = rowGroup.getPageReader(column);
    release();
  }

  private void release() {
    buffers.giveBackPage(page.page());
    page.clear();
    row = 0;
  }

  /**
   * Reads the next rows; those that were read before are gone.
   *
   * @return false if a page is none of lists of this width: nothing of the file is to be used
   *     behind the rows read before
   */
  boolean read(int rows) throws IOException {
    if (row == page.rows() && !nextPage()) {
      return false;
    }
    if (rows <= page.rows() - row) {
      vector.show(page.bytes(), page.offset(row));
      row += rows;
      return true;
    }
    return join(rows);
  }

  /** Passes over rows; false as for {@link #read}. */
  boolean skip(int rows) throws IOException {
    int left = rows;
    while (left > 0) {
      if (row == page.rows() && !nextPage()) {
        return false;
      }
      int part = Math.min(left, page.rows() - row);
      row += part;
      left -= part;
    }
    return true;
  }

  private boolean join(int rows) throws IOException {
    int length = Math.multiplyExact(rows, rowBytes);
    if (joined.length < length) {
      joined = new byte[length];
    }
    int done = 0;
    while (done < rows) {
      if (row == page.rows() && !nextPage()) {
        return false;
      }
      int part = Math.min(rows - done, page.rows() - row);
      Platform.copyMemory(
          page.bytes(),
          Platform.BYTE_ARRAY_OFFSET + page.offset(row),
          joined,
          Platform.BYTE_ARRAY_OFFSET + (long) done * rowBytes,
          (long) part * rowBytes);
      done += part;
      row += part;
    }
    vector.show(joined, 0);
    return true;
  }

  private boolean nextPage() throws IOException {
    release();
    DataPage next = pages.readPage();
    return next != null && page.accept(next) && page.rows() > 0;
  }
}
