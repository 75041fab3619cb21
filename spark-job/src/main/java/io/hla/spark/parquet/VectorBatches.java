package io.hla.spark.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.v2.FileDataSourceV2;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import org.apache.spark.unsafe.Platform;
import scala.Function1;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/**
 * The batches of a split of one file: scalar columns as Spark reads them, vectors from the pages
 * beside them, row for row, when somebody asks for them. When a page is not what the footer
 * promised, Spark reads the file from there on.
 */
final class VectorBatches extends AbstractIterator<ColumnarBatch> implements Closeable {
  private final PartitionedFile split;
  private final ParquetFileReader file;
  private final PageBuffers buffers;
  private final List<VectorColumn> vectors;

  /** For every column of a batch, its place among the vectors, or -1 - its place among scalars. */
  private final int[] sources;

  private final Function1<PartitionedFile, Iterator<InternalRow>> wholeFile;
  private final ReadCounts counts;
  private Iterator<?> batches;
  private Iterator<?> replaced;
  private boolean isRaw = true;
  private PageReadStore rowGroup;
  private int nextRowGroup;
  private long leftInRowGroup;

  /** Rows of all batches before this one. */
  private long done;

  /** Rows of this batch. */
  private int current;

  /** Rows before this batch whose vectors nobody asked for. */
  private long passedOver;

  private boolean isLoaded = true;

  /**
   * @param file of the split, asked for the vectors alone
   * @param buffers memory of {@code file}
   * @param scalars the batches of all other columns
   * @param wholeFile opens the batches of all columns
   */
  VectorBatches(
      PartitionedFile split,
      ParquetFileReader file,
      PageBuffers buffers,
      List<VectorColumn> vectors,
      int[] sources,
      Iterator<?> scalars,
      Function1<PartitionedFile, Iterator<InternalRow>> wholeFile,
      ReadCounts counts) {
    this.split = split;
    this.file = file;
    this.buffers = buffers;
    this.vectors = vectors;
    this.sources = sources;
    this.batches = scalars;
    this.wholeFile = wholeFile;
    this.counts = counts;
  }

  @Override
  public boolean hasNext() {
    boolean more = batches.hasNext();
    if (!more && isRaw && done + current != file.getRecordCount()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%d rows have vectors and %d other columns",
              file.getRecordCount(),
              done + current));
    }
    return more;
  }

  @Override
  public ColumnarBatch next() {
    ColumnarBatch batch = (ColumnarBatch) batches.next();
    if (!isRaw) {
      return batch;
    }
    done += current;
    passedOver += isLoaded ? 0 : current;
    current = batch.numRows();
    isLoaded = false;
    ColumnVector[] columns = new ColumnVector[sources.length];
    for (int i = 0; i < columns.length; i++) {
      columns[i] =
          sources[i] >= 0 ? vectors.get(sources[i]).vector() : batch.column(-1 - sources[i]);
    }
    vectors.forEach(vector -> vector.vector().showLater(this::load));
    return new ColumnarBatch(columns, batch.numRows());
  }

  /** Brings the vectors of this batch. */
  private void load() {
    if (isLoaded) {
      return;
    }
    isLoaded = true;
    try {
      if (read()) {
        counts.raw().add(current);
      } else {
        handOver();
      }
    } catch (Exception e) {
      // As Spark says it of what goes wrong while it asks for batches.
      Platform.throwException(FileDataSourceV2.attachFilePath(split::urlEncodedPath, e));
    }
  }

  private boolean read() throws IOException {
    if (leftInRowGroup == 0) {
      closeRowGroup();
    }
    while (rowGroup == null || passedOver > 0) {
      if (rowGroup == null && !openRowGroup()) {
        return false;
      }
      int skipped = (int) Math.min(passedOver, leftInRowGroup);
      passedOver -= skipped;
      if (skipped == leftInRowGroup) {
        closeRowGroup();
        continue;
      }
      leftInRowGroup -= skipped;
      for (VectorColumn vector : vectors) {
        if (!vector.skip(skipped)) {
          return false;
        }
      }
    }
    if (current > leftInRowGroup) {
      return false;
    }
    for (VectorColumn vector : vectors) {
      if (!vector.read(current)) {
        return false;
      }
    }
    leftInRowGroup -= current;
    return true;
  }

  /** Opens the row group that is read next; false at the end of the split. */
  private boolean openRowGroup() throws IOException {
    List<BlockMetaData> all = file.getRowGroups();
    while (nextRowGroup < all.size() && passedOver >= all.get(nextRowGroup).getRowCount()) {
      file.skipNextRowGroup();
      passedOver -= all.get(nextRowGroup++).getRowCount();
    }
    rowGroup = file.readNextRowGroup();
    nextRowGroup++;
    if (rowGroup == null) {
      return false;
    }
    leftInRowGroup = rowGroup.getRowCount();
    for (VectorColumn vector : vectors) {
      vector.start(rowGroup);
    }
    return true;
  }

  /**
   * Opens Spark's reader for this batch and all behind it. What was given out before is a number of
   * whole batches, as both readers cut them at the same rows.
   */
  private void handOver() throws IOException {
    counts.fallbacks().add(1);
    closeRowGroup();
    isRaw = false;
    Iterator<?> scalars = batches;
    batches = wholeFile.apply(split);
    long skipped = 0;
    while (skipped < done) {
      skipped += ((ColumnarBatch) batches.next()).numRows();
    }
    ColumnarBatch whole = (ColumnarBatch) batches.next();
    if (skipped != done || whole.numRows() != current) {
      throw new IOException("batches of one split are cut differently");
    }
    for (int i = 0; i < sources.length; i++) {
      if (sources[i] >= 0) {
        vectors.get(sources[i]).vector().show(whole.column(i));
      }
    }
    // The other columns of this batch are still read: their reader is closed in the end.
    replaced = scalars;
  }

  private void closeRowGroup() {
    if (rowGroup != null) {
      rowGroup.close();
      rowGroup = null;
    }
  }

  @Override
  public void close() throws IOException {
    closeRowGroup();
    try (file) {
      close(batches);
      close(replaced);
    } finally {
      buffers.giveBackAll();
    }
  }

  private static void close(Object batches) throws IOException {
    if (batches instanceof Closeable open) {
      open.close();
    }
  }
}
