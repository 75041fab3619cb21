package io.hla.spark.parquet;

import io.hla.spark.internals.SparkLine;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport.WriteContext;
import org.apache.parquet.hadoop.codec.CodecConfig;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.ContextUtil;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.Platform;

/** One file: fills row groups up to their size and ends the file, or leaves it without footer. */
final class VectorOutputWriter extends OutputWriter {
  private final String path;
  private final ParquetProperties properties;
  private final WriterMemory memory;
  private final VectorRowGroup rowGroup;
  private final ParquetFileWriter file;
  private final ParquetWriteSupport support;
  private final Map<String, String> metadata;

  /** What is to be released, the first last. */
  private final Deque<AutoCloseable> opened;

  private long untilBlockEnds;
  private long nextCheck;
  private boolean aborted;
  private boolean closed;

  private VectorOutputWriter(
      String path,
      WriterSettings settings,
      WriterMemory memory,
      VectorRowGroup rowGroup,
      ParquetFileWriter file,
      ParquetWriteSupport support,
      Map<String, String> metadata,
      Deque<AutoCloseable> opened) {
    this.path = path;
    this.properties = settings.properties();
    this.memory = memory;
    this.rowGroup = rowGroup;
    this.file = file;
    this.support = support;
    this.metadata = metadata;
    this.opened = opened;
    untilBlockEnds = settings.rowGroupBytes();
    nextCheck = properties.getMinRowCountForPageSizeCheck();
  }

  /**
   * Opens a file that must not exist.
   *
   * @param vectors ordinals of the columns of vectors, ascending
   * @param vectorsCompressed whether vectors are compressed as the other columns are
   */
  static VectorOutputWriter open(
      String path,
      StructType fields,
      int[] vectors,
      boolean vectorsCompressed,
      TaskAttemptContext context)
      throws IOException {
    Configuration conf = ContextUtil.getConfiguration(context);
    WriterSettings settings = WriterSettings.of(conf);
    CompressionCodecName codec = CodecConfig.from(context).getCodec();
    Deque<AutoCloseable> opened = new ArrayDeque<>();
    try {
      CompressionCodecFactory codecs =
          new CodecFactory(conf, settings.properties().getPageSizeThreshold());
      opened.push(codecs::release);
      WriterMemory memory = new WriterMemory(conf, settings.rowGroupBytes());
      opened.push(memory);
      // Schema and footer entries are those of all columns together.
      ParquetWriteSupport support = new ParquetWriteSupport();
      WriteContext written = support.init(conf);
      VectorRowGroup rowGroup =
          new VectorRowGroup(
              conf,
              fields,
              written.getSchema(),
              vectors,
              settings,
              codecs.getCompressor(vectorsCompressed ? codec : CompressionCodecName.UNCOMPRESSED),
              codecs.getCompressor(codec));
      opened.push(rowGroup);
      ParquetFileWriter file =
          new ParquetFileWriter(
              BufferedOutputFile.of(new Path(path), conf),
              written.getSchema(),
              ParquetFileWriter.Mode.CREATE,
              settings.rowGroupBytes(),
              settings.paddingBytes(),
              null,
              settings.properties());
      opened.push(file);
      file.start();
      return new VectorOutputWriter(
          path, settings, memory, rowGroup, file, support, written.getExtraMetaData(), opened);
    } catch (Throwable e) {
      try {
        release(opened);
      } catch (Exception suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public void write(InternalRow row) {
    try {
      rowGroup.add(row);
      endRowGroupIfFull();
    } catch (Throwable e) {
      aborted = true;
      Platform.throwException(e);
    }
  }

  /** As Parquet's own writer: a little below the size, looking more seldom while there is room. */
  private void endRowGroupIfFull() throws IOException {
    long rows = rowGroup.rows();
    long fewest = properties.getMinRowCountForPageSizeCheck();
    long most = properties.getMaxRowCountForPageSizeCheck();
    if (rows >= SparkLine.rowLimit(properties)) {
      endRowGroup();
      nextCheck = Math.min(Math.max(fewest, rows / 2), most);
      return;
    }
    long limit = Math.min(untilBlockEnds, memory.rowGroupBytes());
    if (rows < nextCheck && rowGroup.vectorBytes() < limit) {
      return;
    }
    long bytes = rowGroup.bufferedBytes();
    long ofRow = bytes / rows;
    if (bytes > limit - 2 * ofRow) {
      endRowGroup();
      nextCheck = Math.min(Math.max(fewest, rows / 2), most);
    } else {
      long fitting = limit / Math.max(1, ofRow);
      nextCheck = Math.min(Math.max(fewest, (rows + fitting) / 2), rows + most);
    }
  }

  private void endRowGroup() throws IOException {
    rowGroup.flush(file);
    untilBlockEnds = file.getNextRowGroupSize();
  }

  /** Ends the file; after a failed write it only lets go of everything. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      try {
        if (!aborted) {
          end();
        }
      } finally {
        release(opened);
      }
    } catch (Exception e) {
      Platform.throwException(e);
    }
  }

  private void end() throws IOException {
    rowGroup.flush(file);
    Map<String, String> entries = new HashMap<>(metadata);
    if (support.getName() != null) {
      entries.put(ParquetWriter.OBJECT_MODEL_NAME_PROP, support.getName());
    }
    entries.putAll(support.finalizeWrite().getExtraMetaData());
    file.end(entries);
  }

  /** Closes all of them, whatever one of them throws. */
  private static void release(Deque<AutoCloseable> opened) throws Exception {
    try {
      while (!opened.isEmpty()) {
        opened.pop().close();
      }
    } finally {
      if (!opened.isEmpty()) {
        release(opened);
      }
    }
  }
}
