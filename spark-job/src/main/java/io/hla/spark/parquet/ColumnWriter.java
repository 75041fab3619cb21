package io.hla.spark.parquet;

import java.io.IOException;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.spark.sql.catalyst.InternalRow;

/** One column of the rows that are held until they go to the file as a row group. */
interface ColumnWriter {

  /**
   * Takes the value of a row.
   *
   * @throws IllegalArgumentException if something is null that the schema says never is
   */
  void add(InternalRow row) throws IOException;

  /** Bytes that are held. */
  long bufferedBytes();

  /** Writes the column chunk of the row group, which ends it. */
  void flush(ParquetFileWriter file) throws IOException;
}
