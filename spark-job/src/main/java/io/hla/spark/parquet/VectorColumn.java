package io.hla.spark.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** A column of lists of one width in a split of a file, of which a page at a time is at hand. */
final class VectorColumn implements Closeable {
  private static final int LARGEST_ROW = 1 << 24;

  private final VectorFile file;
  private final ColumnDescriptor column;
  private final DataType element;
  private final int width;
  private final PageDecompressor decompressor;
  private final VectorPage page;

  /** Null before the first row group. */
  private ChunkPages pages;

  private int nextRowGroup;

  /** Rows of the split in front of the row group behind the one that is open. */
  private long endOfRowGroup;

  /** Rows of the split in front of the page. */
  private long startOfPage;

  private VectorColumn(VectorFile file, ColumnDescriptor column, DataType element, int width) {
    this.file = file;
    this.column = column;
    this.element = element;
    this.width = width;
    this.decompressor = new PageDecompressor(file.codecs());
    this.page =
        new VectorPage(column, width, element.defaultSize(), file.withChecksums(), decompressor);
  }

  /**
   * A column of a file.
   *
   * @param name of the column in the file
   * @param element type of the numbers that are asked for
   * @return null if the footer does not promise lists of one width without nulls
   */
  static VectorColumn of(VectorFile file, String name, DataType element) {
    MessageType schema = file.schema();
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
    for (BlockMetaData rowGroup : file.rowGroups()) {
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
    return new VectorColumn(file, leaf, element, Math.max(1, (int) width));
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
    ColumnChunkMetaData chunk = chunk(rowGroup, leaf);
    if (chunk == null) {
      return 0;
    }
    boolean mayHaveNulls =
        chunk.getStatistics() != null
            && chunk.getStatistics().isNumNullsSet()
            && chunk.getStatistics().getNumNulls() > 0;
    boolean isEven =
        rowGroup.getRowCount() > 0 && chunk.getValueCount() % rowGroup.getRowCount() == 0;
    return isEven && !mayHaveNulls ? chunk.getValueCount() / rowGroup.getRowCount() : 0;
  }

  /** The chunk of a leaf, or null if there is none. */
  private static ColumnChunkMetaData chunk(BlockMetaData rowGroup, ColumnDescriptor leaf) {
    ColumnPath path = ColumnPath.get(leaf.getPath());
    for (ColumnChunkMetaData chunk : rowGroup.getColumns()) {
      if (chunk.getPath().equals(path)) {
        return chunk;
      }
    }
    return null;
  }

  /** Type of the numbers. */
  DataType element() {
    return element;
  }

  /** Numbers of a list. */
  int width() {
    return width;
  }

  /**
   * Reads on to the page that holds a row; the one before is gone.
   *
   * @param row of the split, counted from 0
   * @return false if there is no such page ahead, or one before it is none of lists of this width:
   *     then nothing of the file is to be used behind the pages that were read before
   */
  boolean bring(long row) throws IOException {
    while (row >= startOfPage + page.rows()) {
      if (startOfPage + page.rows() == endOfRowGroup ? !openRowGroup(row) : !nextPage()) {
        return false;
      }
    }
    return row >= startOfPage;
  }

  /** Rows of the split in front of the page that was brought. */
  long startOfPage() {
    return startOfPage;
  }

  /** The page that was brought. */
  VectorPage page() {
    return page;
  }

  /** Opens the row group that holds a row. */
  private boolean openRowGroup(long row) throws IOException {
    page.clear();
    BlockMetaData rowGroup;
    do {
      if (nextRowGroup == file.rowGroups().size()) {
        return false;
      }
      rowGroup = file.rowGroups().get(nextRowGroup++);
      startOfPage = endOfRowGroup;
      endOfRowGroup += rowGroup.getRowCount();
    } while (row >= endOfRowGroup);
    if (pages == null) {
      pages = file.open();
    }
    ColumnChunkMetaData chunk = chunk(rowGroup, column);
    pages.start(chunk);
    page.startChunk(chunk.getCodec());
    return true;
  }

  private boolean nextPage() throws IOException {
    startOfPage += page.rows();
    page.clear();
    PageHeader next = pages.next();
    if (next != null && next.isSetDictionary_page_header()) {
      if (!page.acceptDictionary(next, pages)) {
        return false;
      }
      next = pages.next();
    }
    return next != null
        && page.accept(next, pages)
        && page.rows() > 0
        && page.rows() <= endOfRowGroup - startOfPage;
  }

  @Override
  public void close() throws IOException {
    page.clear();
    decompressor.close();
    if (pages != null) {
      pages.close();
    }
  }
}
