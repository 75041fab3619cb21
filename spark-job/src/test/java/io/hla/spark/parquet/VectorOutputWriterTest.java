package io.hla.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.TestSpark;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.execution.datasources.OutputWriter;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;

/** One file by itself: rows of any kind of array, and what is left of a failed one. */
class VectorOutputWriterTest {
  private static final SparkSession SPARK = TestSpark.newSession();
  private static final StructType SCHEMA =
      new StructType()
          .add("pos", DataTypes.LongType, false)
          .add("o", DataTypes.createArrayType(DataTypes.FloatType, false), false);

  @TempDir Path folder;

  private OutputWriter open(String name) throws Exception {
    Job job = Job.getInstance(SPARK.sparkContext().hadoopConfiguration());
    OutputWriterFactory factory =
        new VectorParquetFormat()
            .prepareWrite(
                SPARK,
                job,
                scala.collection.immutable.Map.from(
                    CollectionConverters.asScala(Map.<String, String>of())),
                SCHEMA);
    return factory.newInstance(
        folder.resolve(name).toString(),
        SCHEMA,
        new TaskAttemptContextImpl(job.getConfiguration(), new TaskAttemptID()));
  }

  private static InternalRow row(long position, Object vector) {
    return new GenericInternalRow(new Object[] {position, vector});
  }

  @Test
  void arraysOfEveryKind() throws Exception {
    OutputWriter writer = open("file.parquet");
    writer.write(row(0, UnsafeArrayData.fromPrimitiveArray(new float[] {1, -0f})));
    writer.write(row(1, new GenericArrayData(new float[] {2, 3})));
    writer.write(row(2, new GenericArrayData(new Object[] {4f, 5f, 6f})));
    writer.write(row(3, new GenericArrayData(new Object[] {})));
    writer.close();
    assertThat(WrittenTables.bits(SPARK.read().parquet(folder + "/file.parquet")))
        .isEqualTo(
            List.of(
                "0 [3f800000, 80000000] ",
                "1 [40000000, 40400000] ",
                "2 [40800000, 40a00000, 40c00000] ",
                "3 [] "));
  }

  @Test
  void aFailedFileHasNoFooter() throws Exception {
    OutputWriter writer = open("file.parquet");
    writer.write(row(0, UnsafeArrayData.fromPrimitiveArray(new float[] {1, 2})));
    assertThatThrownBy(() -> writer.write(row(1, null)))
        .hasMessage("a row of column o is null, expected none by its type");
    writer.close();
    writer.close();
    assertThat(Files.readAllBytes(folder.resolve("file.parquet")))
        .isEqualTo("PAR1".getBytes(StandardCharsets.US_ASCII));
    // Its share of the heap is given back.
    try (WriterMemory alone = new WriterMemory(1000, 1, 1000)) {
      assertThat(alone.rowGroupBytes()).isEqualTo(1000);
    }
  }

  /** Spark does not repeat a task that fails so. */
  @Test
  void aFileThatExistsIsNotWrittenOver() throws Exception {
    Files.writeString(folder.resolve("file.parquet"), "others");
    assertThatThrownBy(() -> open("file.parquet")).isInstanceOf(FileAlreadyExistsException.class);
    assertThat(folder.resolve("file.parquet")).hasContent("others");
    try (WriterMemory alone = new WriterMemory(1000, 1, 1000)) {
      assertThat(alone.rowGroupBytes()).isEqualTo(1000);
    }
  }
}
