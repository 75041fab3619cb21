package io.hla.spark.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Supplier;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.spark.sql.vectorized.ColumnVector;
import org.apache.spark.sql.vectorized.ColumnarBatch;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/**
 * The batches of a split of one file: scalar columns as Spark reads them, vectors from the pages
 * beside them, row for row. When a page is not what the footer promised, Spark reads the file from
 * there on.
 */
final class VectorBatches extends AbstractIterator<ColumnarBatch> implements Closeable {
  private final ParquetFileReader file;
  private final List<VectorColumn> vectors;

  /** For every column of a batch, its place among the vectors, or -1 - its place among scalars. */
  private final int[] sources;

  private final Supplier<Iterator<ColumnarBatch>> wholeFile;
  private final ReadCounts counts;
  private Iterator<ColumnarBatch> batches;
  private PageReadStore rowGroup;
  private long leftInRowGroup;
  private long done;
  private boolean isRaw = true;
  private ColumnarBatch batch;

  /**
   * @param file of the split, asked for the vectors alone
   * @param scalars the batches of all other columns
   * @param wholeFile opens the batches of all columns
   */
  VectorBatches(
      ParquetFileReader file,
      List<VectorColumn> vectors,
      int[] sources,
      Iterator<ColumnarBatch> scalars,
      Supplier<Iterator<ColumnarBatch>> wholeFile,
      ReadCounts counts) {
    this.file = file;
    this.vectors = vectors;
    this.sources = sources;
    this.batches = scalars;
    this.wholeFile = wholeFile;
    this.counts = counts;
  }

  /** Reads on, so that Spark adds the file to what goes wrong. */
  @Override
  public boolean hasNext() {
    if (batch == null) {
      try {
        batch = read();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return batch != null;
  }

  @Override
  public ColumnarBatch next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    ColumnarBatch next = batch;
    batch = null;
    return next;
  }

  private ColumnarBatch read() throws IOException {
    if (!batches.hasNext()) {
      if (isRaw && leftInRowGroup > 0) {
        throw new IOException(leftInRowGroup + " rows have vectors and no other columns");
      }
      return null;
    }
    ColumnarBatch read = batches.next();
    if (!isRaw) {
      return read;
    }
    if (!read(read.numRows())) {
      return handOver();
    }
    counts.raw().add(read.numRows());
    done += read.numRows();
    return joined(read);
  }

  private boolean read(int rows) throws IOException {
    while (leftInRowGroup == 0) {
      closeRowGroup();
      rowGroup = file.readNextRowGroup();
      if (rowGroup == null) {
        return false;
      }
      leftInRowGroup = rowGroup.getRowCount();
      for (VectorColumn vector : vectors) {
        vector.start(rowGroup);
      }
    }
    leftInRowGroup -= rows;
    if (leftInRowGroup < 0) {
      return false;
    }
    for (VectorColumn vector : vectors) {
      if (!vector.read(rows)) {
        return false;
      }
    }
    return true;
  }

  private ColumnarBatch joined(ColumnarBatch scalars) {
    ColumnVector[] columns = new ColumnVector[sources.length];
    for (int i = 0; i < columns.length; i++) {
      columns[i] =
          sources[i] >= 0 ? vectors.get(sources[i]).vector() : scalars.column(-1 - sources[i]);
    }
    return new ColumnarBatch(columns, scalars.numRows());
  }

  /** Opens Spark's reader and skips what was given out, which is a number of whole batches. */
  private ColumnarBatch handOver() throws IOException {
    close();
    isRaw = false;
    counts.fallbacks().add(1);
    batches = wholeFile.get();
    long skipped = 0;
    while (skipped < done) {
      skipped += batches.next().numRows();
    }
    if (skipped != done) {
      throw new IOException("batches of one split are cut differently");
    }
    return batches.next();
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
      if (batches instanceof Closeable open) {
        open.close();
      }
    }
  }
}
