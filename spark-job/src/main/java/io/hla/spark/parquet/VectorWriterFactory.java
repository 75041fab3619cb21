package io.hla.spark.parquet;

import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.Platform;

/** Opens the files of a write on executors. */
final class VectorWriterFactory extends OutputWriterFactory {
  private static final long serialVersionUID = 1L;

  private final OutputWriterFactory sparks;
  private final int[] vectors;
  private final boolean vectorsCompressed;

  /**
   * @param sparks Spark's own, for the names of files
   * @param vectors ordinals of the columns of vectors
   * @param vectorsCompressed whether vectors are compressed as the other columns are
   */
  VectorWriterFactory(OutputWriterFactory sparks, int[] vectors, boolean vectorsCompressed) {
    this.sparks = sparks;
    this.vectors = vectors;
    this.vectorsCompressed = vectorsCompressed;
  }

  @Override
  public String getFileExtension(TaskAttemptContext context) {
    return sparks.getFileExtension(context);
  }

  @Override
  public OutputWriter newInstance(String path, StructType schema, TaskAttemptContext context) {
    try {
      return VectorOutputWriter.open(path, schema, vectors, vectorsCompressed, context);
    } catch (Exception e) {
      // Spark decides by the exception's type whether a task is worth another attempt.
      Platform.throwException(e);
      throw new IllegalStateException(e);
    }
  }
}
