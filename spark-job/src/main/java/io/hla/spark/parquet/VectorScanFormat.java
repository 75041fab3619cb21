package io.hla.spark.parquet;

import io.hla.spark.parquet.VectorReadFunction.Vector;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.FileSourceOptions;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.CaseInsensitiveMap;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import scala.Function1;
import scala.Option;
import scala.collection.Iterator;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;

/**
 * Spark's Parquet, with another way to read columns of lists of numbers: where those of a file are
 * all of one width, batches show them as they lie in its pages, instead of decoding number after
 * number. What is asked for and what comes out are the same, as long as the rows of a batch are
 * looked at in their order: a page that has gone by is not kept.
 */
public final class VectorScanFormat extends ParquetFileFormat {
  private static final long serialVersionUID = 1L;

  private final ReadCounts counts;

  public VectorScanFormat(ReadCounts counts) {
    this.counts = counts;
  }

  @Override
  public Function1<PartitionedFile, Iterator<InternalRow>> buildReaderWithPartitionValues(
      SparkSession session,
      StructType dataSchema,
      StructType partitionSchema,
      StructType requiredSchema,
      Seq<Filter> filters,
      Map<String, String> options,
      Configuration hadoopConf) {
    Function1<PartitionedFile, Iterator<InternalRow>> all =
        super.buildReaderWithPartitionValues(
            session,
            dataSchema,
            partitionSchema,
            requiredSchema,
            filters,
            options,
            new Configuration(hadoopConf));
    SQLConf conf = ((org.apache.spark.sql.classic.SparkSession) session).sessionState().conf();
    boolean inBatches =
        options.get(FileFormat.OPTION_RETURNING_BATCH()).exists("true"::equals)
            && conf.parquetVectorizedReaderEnabled();
    List<Vector> vectors = new ArrayList<>();
    StructType scalars = new StructType();
    int[] sources = new int[requiredSchema.length() + partitionSchema.length()];
    for (int i = 0; i < sources.length; i++) {
      StructField field = i < requiredSchema.length() ? requiredSchema.apply(i) : null;
      DataType element = field == null ? null : element(field.dataType());
      if (element != null) {
        sources[i] = vectors.size();
        vectors.add(new Vector(field.name(), element));
      } else {
        sources[i] = vectors.size() - i - 1;
        scalars = field == null ? scalars : scalars.add(field);
      }
    }
    // Behind a filter that skips pages, rows of different columns no longer lie side by side.
    if (vectors.isEmpty()
        || !inBatches
        || filters.nonEmpty()
        || conf.parquetFieldIdReadEnabled()
        || passesOverFiles(options)
        || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      return all;
    }
    Function1<PartitionedFile, Iterator<InternalRow>> narrow =
        super.buildReaderWithPartitionValues(
            session,
            dataSchema,
            partitionSchema,
            scalars,
            filters,
            options,
            new Configuration(hadoopConf));
    JavaSparkContext context = new JavaSparkContext(session.sparkContext());
    return new VectorReadFunction(
        all,
        narrow,
        vectors,
        sources,
        conf.caseSensitiveAnalysis(),
        context.broadcast(new SerializableConfiguration(hadoopConf)),
        counts);
  }

  /** Whether files that cannot be read are left out: Spark does so while it asks for batches. */
  private static boolean passesOverFiles(Map<String, String> options) {
    FileSourceOptions files = new FileSourceOptions(new CaseInsensitiveMap<>(options));
    return files.ignoreCorruptFiles() || files.ignoreMissingFiles();
  }

  private static DataType element(DataType type) {
    boolean isVector =
        type instanceof ArrayType array
            && (array.elementType().equals(DataTypes.FloatType)
                || array.elementType().equals(DataTypes.DoubleType));
    return isVector ? ((ArrayType) type).elementType() : null;
  }

  /** Vectors of more than one class: what is generated for them must not rely on one. */
  @Override
  public Option<Seq<String>> vectorTypes(
      StructType requiredSchema, StructType partitionSchema, SQLConf conf) {
    return Option.empty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VectorScanFormat;
  }

  @Override
  public int hashCode() {
    return VectorScanFormat.class.hashCode();
  }
}
