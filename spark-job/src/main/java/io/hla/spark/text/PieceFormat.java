package io.hla.spark.text;

import io.hla.spark.tokenizer.TextBorders;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.hadoop.mapreduce.Job;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.execution.datasources.OutputWriterFactory;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.Function1;
import scala.Option;
import scala.collection.Iterator;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;

/**
 * Files of text as rows of bytes: the pieces of {@link PieceReader}, in order. Listing files,
 * splitting them and what is known of each is Spark's. Compressed files are one split, as are those
 * of a tokenizer that lets no text be cut. The option {@value #BORDERS} names the {@link
 * TextBorders}.
 */
public final class PieceFormat implements FileFormat {
  static final String BORDERS = "borders";

  @Override
  public Option<StructType> inferSchema(
      SparkSession session, Map<String, String> options, Seq<FileStatus> files) {
    return Option.apply(new StructType().add("piece", DataTypes.BinaryType, false));
  }

  @Override
  public boolean isSplitable(SparkSession session, Map<String, String> options, Path path) {
    Configuration configuration = session.sparkContext().hadoopConfiguration();
    return borders(options) != TextBorders.NOWHERE
        && new CompressionCodecFactory(configuration).getCodec(path) == null;
  }

  @Override
  public Function1<PartitionedFile, Iterator<InternalRow>> buildReader(
      SparkSession session,
      StructType dataSchema,
      StructType partitionSchema,
      StructType requiredSchema,
      Seq<Filter> filters,
      Map<String, String> options,
      Configuration hadoopConf) {
    return new PieceReadFunction(
        borders(options),
        new JavaSparkContext(session.sparkContext())
            .broadcast(new SerializableConfiguration(hadoopConf)));
  }

  @Override
  public OutputWriterFactory prepareWrite(
      SparkSession session, Job job, Map<String, String> options, StructType dataSchema) {
    throw new UnsupportedOperationException("pieces of text are read, not written");
  }

  private static TextBorders borders(Map<String, String> options) {
    return TextBorders.valueOf(options.apply(BORDERS));
  }
}
