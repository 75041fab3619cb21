package io.hla.spark.parquet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.page.PageWriteStore;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.values.bloomfilter.BloomFilterWriteStore;
import org.apache.parquet.column.values.bloomfilter.BloomFilterWriter;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.util.AutoCloseables;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.ProjectingInternalRow;
import org.apache.spark.sql.execution.datasources.parquet.ParquetWriteSupport;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The columns that are no vectors, by Spark's write support and Parquet's column writers. Pages are
 * kept apart by stretches of neighbouring columns, so that column chunks can be written in the
 * order of the schema with vectors between them.
 */
final class OtherColumnsWriter implements AutoCloseable {
  private final WriterSettings settings;
  private final BytesInputCompressor compressor;
  private final ParquetWriteSupport support = new ParquetWriteSupport();
  private final ProjectingInternalRow narrow;
  private final MessageType schema;
  private final List<MessageType> stretches = new ArrayList<>();
  private Pages pages;
  private ColumnWriteStore columns;
  private RecordConsumer consumer;

  /**
   * @param conf of the write, with Spark's settings for its write support
   * @param full all columns
   * @param stretches ordinals of neighbouring columns that are no vectors
   */
  OtherColumnsWriter(
      Configuration conf,
      StructType full,
      List<List<Integer>> stretches,
      WriterSettings settings,
      BytesInputCompressor compressor) {
    this.settings = settings;
    this.compressor = compressor;
    List<Object> ordinals = new ArrayList<>();
    StructType fields = new StructType();
    for (List<Integer> stretch : stretches) {
      for (int ordinal : stretch) {
        ordinals.add(ordinal);
        fields = fields.add(full.fields()[ordinal]);
      }
    }
    Configuration own = new Configuration(conf);
    ParquetWriteSupport.setSchema(fields, own);
    schema = support.init(own).getSchema();
    int at = 0;
    for (List<Integer> stretch : stretches) {
      this.stretches.add(
          new MessageType(schema.getName(), schema.getFields().subList(at, at + stretch.size())));
      at += stretch.size();
    }
    narrow =
        ProjectingInternalRow.apply(fields, CollectionConverters.asScala(ordinals).toIndexedSeq());
    startRowGroup();
  }

  private void startRowGroup() {
    pages = new Pages();
    columns = settings.properties().newColumnWriteStore(schema, pages, pages);
    consumer =
        new ColumnIOFactory(settings.validating()).getColumnIO(schema).getRecordWriter(columns);
    support.prepareForWrite(consumer);
  }

  void add(InternalRow row) {
    narrow.project(row);
    support.write(narrow);
  }

  /** Bytes that are held; it takes a look at every column. */
  long bufferedBytes() {
    return columns.getBufferedSize();
  }

  /** Ends all pages of the row group. */
  void endPages() {
    consumer.flush();
    columns.flush();
  }

  /** Writes the column chunks of one stretch. */
  void flush(int stretch, ParquetFileWriter file) throws IOException {
    pages.ofStretches.get(stretch).flushToFileWriter(file);
  }

  /** Begins the next row group when all stretches are written. */
  void nextRowGroup() {
    close();
    startRowGroup();
  }

  @Override
  public void close() {
    AutoCloseables.uncheckedClose(columns, pages);
  }

  /** The pages of a row group: one store for every stretch. */
  private final class Pages implements PageWriteStore, BloomFilterWriteStore {
    final List<ColumnChunkPageWriteStore> ofStretches = new ArrayList<>();
    private final Map<ColumnDescriptor, ColumnChunkPageWriteStore> ofColumns = new HashMap<>();

    Pages() {
      for (MessageType stretch : stretches) {
        ColumnChunkPageWriteStore store =
            new ColumnChunkPageWriteStore(
                compressor,
                stretch,
                settings.properties().getAllocator(),
                settings.properties().getColumnIndexTruncateLength(),
                settings.properties().getPageWriteChecksumEnabled());
        ofStretches.add(store);
        stretch.getColumns().forEach(column -> ofColumns.put(column, store));
      }
    }

    @Override
    public PageWriter getPageWriter(ColumnDescriptor column) {
      return ofColumns.get(column).getPageWriter(column);
    }

    @Override
    public BloomFilterWriter getBloomFilterWriter(ColumnDescriptor column) {
      return ofColumns.get(column).getBloomFilterWriter(column);
    }

    @Override
    public void close() {
      AutoCloseables.uncheckedClose(ofStretches);
    }
  }
}
