package io.hla.spark.parquet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The rows that are held until they go to the file as a row group, column after column. */
final class VectorRowGroup implements AutoCloseable {
  /** Larger pages gain nothing, and are more than half a region of small heaps. */
  private static final int LARGEST_PAGE = 512 << 10;

  private final WriterBuffers buffers;
  private final ColumnWriter[] vectors;

  /** Null if all columns are vectors. */
  private final OtherColumnsWriter others;

  /** Writes column chunks, in the order of the schema. */
  private final List<Chunks> chunks = new ArrayList<>();

  private long rows;

  private interface Chunks {
    void flush(ParquetFileWriter file) throws IOException;
  }

  /**
   * @param conf of the write, with Spark's settings for its write support
   * @param fields columns of rows
   * @param schema the same in Parquet's terms
   * @param vectorOrdinals the columns of vectors, ascending
   */
  VectorRowGroup(
      Configuration conf,
      StructType fields,
      MessageType schema,
      int[] vectorOrdinals,
      WriterSettings settings,
      BytesInputCompressor ofVectors,
      BytesInputCompressor ofOthers) {
    buffers =
        new WriterBuffers(Math.min(LARGEST_PAGE, settings.properties().getPageSizeThreshold()));
    TreeMap<Integer, Chunks> ordered = new TreeMap<>();
    vectors = new ColumnWriter[vectorOrdinals.length];
    for (int i = 0; i < vectors.length; i++) {
      int ordinal = vectorOrdinals[i];
      vectors[i] =
          fields.apply(ordinal).dataType().equals(DataTypes.BinaryType)
              ? new BytesColumnWriter(schema, ordinal, settings.properties(), ofVectors, buffers)
              : new VectorColumnWriter(schema, ordinal, settings.properties(), ofVectors, buffers);
      ordered.put(ordinal, vectors[i]::flush);
    }
    List<List<Integer>> stretches = between(vectorOrdinals, fields.size());
    others =
        stretches.isEmpty()
            ? null
            : new OtherColumnsWriter(conf, fields, stretches, settings, ofOthers);
    for (int i = 0; i < stretches.size(); i++) {
      int stretch = i;
      ordered.put(stretches.get(i).get(0), file -> others.flush(stretch, file));
    }
    chunks.addAll(ordered.values());
  }

  /** The ordinals that are left, neighbours together. */
  private static List<List<Integer>> between(int[] vectors, int columns) {
    List<List<Integer>> stretches = new ArrayList<>();
    int next = 0;
    for (int i = 0; i <= vectors.length; i++) {
      int end = i < vectors.length ? vectors[i] : columns;
      List<Integer> stretch = new ArrayList<>();
      for (; next < end; next++) {
        stretch.add(next);
      }
      if (!stretch.isEmpty()) {
        stretches.add(stretch);
      }
      next = end + 1;
    }
    return stretches;
  }

  void add(InternalRow row) throws IOException {
    for (ColumnWriter vector : vectors) {
      vector.add(row);
    }
    if (others != null) {
      others.add(row);
    }
    rows++;
  }

  long rows() {
    return rows;
  }

  /** Bytes that vectors hold. */
  long vectorBytes() {
    long bytes = 0;
    for (ColumnWriter vector : vectors) {
      bytes += vector.bufferedBytes();
    }
    return bytes;
  }

  /** Bytes that all columns hold; dearer than {@link #vectorBytes}. */
  long bufferedBytes() {
    return vectorBytes() + (others == null ? 0 : others.bufferedBytes());
  }

  /** Writes what is held, if anything is, and begins again. */
  void flush(ParquetFileWriter file) throws IOException {
    if (rows == 0) {
      return;
    }
    if (others != null) {
      others.endPages();
    }
    file.startBlock(rows);
    for (Chunks next : chunks) {
      next.flush(file);
    }
    file.endBlock();
    rows = 0;
    if (others != null) {
      others.nextRowGroup();
    }
  }

  @Override
  public void close() {
    buffers.close();
    if (others != null) {
      others.close();
    }
  }
}
