package io.hla.spark.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.io.IOUtils;
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
  private final VectorFile file;
  private final List<VectorColumn> columns;
  private final List<ListVector> vectors = new ArrayList<>();

  /** For every column of a batch, its place among the vectors, or -1 - its place among scalars. */
  private final int[] sources;

  private final Function1<PartitionedFile, Iterator<InternalRow>> wholeFile;
  private final ReadCounts counts;
  private Iterator<?> batches;
  private Iterator<?> replaced;
  private boolean isRaw = true;

  /** Rows of all batches before this one. */
  private long done;

  /** Rows of this batch. */
  private int current;

  /** Whether somebody asked for vectors of this batch. */
  private boolean isAskedFor;

  /**
   * @param scalars the batches of all other columns
   * @param wholeFile opens the batches of all columns
   */
  VectorBatches(
      PartitionedFile split,
      VectorFile file,
      List<VectorColumn> columns,
      int[] sources,
      Iterator<?> scalars,
      Function1<PartitionedFile, Iterator<InternalRow>> wholeFile,
      ReadCounts counts) {
    this.split = split;
    this.file = file;
    this.columns = columns;
    for (VectorColumn column : columns) {
      vectors.add(new ListVector(column.element(), column.width(), pages(column)));
    }
    this.sources = sources;
    this.batches = scalars;
    this.wholeFile = wholeFile;
    this.counts = counts;
  }

  private ListVector.Pages pages(VectorColumn column) {
    int ordinal = vectors.size();
    return new ListVector.Pages() {
      @Override
      public void bring(int row) {
        run(() -> VectorBatches.this.bring(column, vectors.get(ordinal), row));
      }

      @Override
      public void handOver() {
        run(VectorBatches.this::handOver);
      }
    };
  }

  private interface Step {
    void run() throws IOException;
  }

  /** What goes wrong is said as Spark says it of what goes wrong while it asks for batches. */
  private void run(Step step) {
    try {
      step.run();
    } catch (Exception e) {
      Platform.throwException(FileDataSourceV2.attachFilePath(split::urlEncodedPath, e));
    }
  }

  @Override
  public boolean hasNext() {
    boolean more = batches.hasNext();
    if (!more && isRaw) {
      count();
      if (done + current != file.rows()) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "%d rows have vectors and %d other columns",
                file.rows(),
                done + current));
      }
    }
    return more;
  }

  @Override
  public ColumnarBatch next() {
    ColumnarBatch batch = (ColumnarBatch) batches.next();
    if (!isRaw) {
      return batch;
    }
    count();
    done += current;
    current = batch.numRows();
    vectors.forEach(ListVector::clear);
    ColumnVector[] shown = new ColumnVector[sources.length];
    for (int i = 0; i < shown.length; i++) {
      shown[i] = sources[i] >= 0 ? vectors.get(sources[i]) : batch.column(-1 - sources[i]);
    }
    return new ColumnarBatch(shown, batch.numRows());
  }

  /** Counts the rows of this batch if vectors of it were taken from pages. */
  private void count() {
    if (isRaw && isAskedFor) {
      counts.raw().add(current);
    }
    isAskedFor = false;
  }

  private void bring(VectorColumn column, ListVector vector, int row) throws IOException {
    isAskedFor = true;
    if (!column.bring(done + row)) {
      handOver();
      return;
    }
    // A page may begin before this batch.
    int first = (int) Math.max(0, column.startOfPage() - done);
    long end = column.startOfPage() + column.page().rows() - done;
    vector.show(
        first,
        (int) Math.min(current, end),
        column.page().bytes(),
        column.page().offset((int) (done + first - column.startOfPage())));
  }

  /**
   * Opens Spark's reader for this batch and all behind it. Both readers cut batches at the same
   * rows; what was shown of this one before are the same lists.
   */
  private void handOver() throws IOException {
    counts.fallbacks().add(1);
    closeColumns();
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
        vectors.get(sources[i]).show(whole.column(i));
      }
    }
    // The other columns of this batch are still read: their reader is closed in the end.
    replaced = scalars;
  }

  private void closeColumns() {
    IOUtils.cleanupWithLogger(null, columns.toArray(Closeable[]::new));
  }

  @Override
  public void close() throws IOException {
    count();
    closeColumns();
    file.codecs().release();
    try {
      close(batches);
    } finally {
      close(replaced);
    }
  }

  private static void close(Object batches) throws IOException {
    if (batches instanceof Closeable open) {
      open.close();
    }
  }
}
