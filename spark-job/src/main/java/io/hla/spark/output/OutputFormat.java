package io.hla.spark.output;

import io.hla.spark.InputException;
import io.hla.spark.parquet.VectorParquetFormat;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.Job;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.util.CaseInsensitiveMap;
import org.apache.spark.sql.execution.datasources.DataSource;
import org.apache.spark.sql.execution.datasources.FileFormat;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.execution.datasources.v2.FileDataSourceV2;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A format of Spark that a table is written in.
 *
 * @param option the option that the path of the table came from
 * @param name the name of the format
 */
record OutputFormat(SparkSession spark, String option, String name) {
  private static final Set<String> SELF_DESCRIBING = Set.of("json", "xml");

  /** Refuses a format that this Spark does not have. */
  void check() {
    source();
  }

  /** Whether a table of it is what files lie in its folder; others have commits of their own. */
  boolean isOfFiles() {
    Class<?> source = source();
    return FileFormat.class.isAssignableFrom(source)
        || FileDataSourceV2.class.isAssignableFrom(source);
  }

  /**
   * A table by path. Where rows tell the columns, as in JSON, all of them would be read to find
   * what is known.
   *
   * @param schema of the rows, or null where it is to be found
   */
  Dataset<Row> read(Path table, StructType schema) {
    DataFrameReader reader = spark.read().format(name);
    boolean told = schema != null && SELF_DESCRIBING.contains(name.toLowerCase(Locale.ROOT));
    return (told ? reader.schema(schema) : reader).load(table.toString());
  }

  private Class<?> source() {
    try {
      return DataSource.lookupDataSource(
          name, ((org.apache.spark.sql.classic.SparkSession) spark).sessionState().conf());
    } catch (Exception e) {
      throw refusal(e);
    }
  }

  /** Writes a table; the columns of vectors that the options name have a Parquet writer of ours. */
  // Spark throws checked exceptions here that its Java signatures do not declare.
  void save(DataFrameWriter<Row> writer, Map<String, String> options, Path path) {
    boolean vectors = isParquet() && options.containsKey(VectorParquetFormat.VECTORS);
    try {
      writer
          .format(vectors ? VectorParquetFormat.NAME : name)
          .options(options)
          .save(path.toString());
    } catch (Exception e) {
      if (e instanceof AnalysisException) {
        throw refusal(e);
      }
      throw e;
    }
  }

  private InputException refusal(Exception e) {
    return new InputException(
        "HLA_OUTPUT_FORMAT",
        String.format(Locale.ROOT, "--%s as %s: %s", option, name, reason(e)),
        e);
  }

  /**
   * Refuses options that the format's writer does not take, and a format that no table can be
   * written in, as the writer would when rows are there.
   */
  void checkOptions(Map<String, String> options) {
    try {
      prepareWrite(options);
    } catch (Exception e) {
      if (options.isEmpty() || !isWritable()) {
        throw refusal(e);
      }
      throw new InputException(
          "HLA_OUTPUT_OPTION",
          String.format(Locale.ROOT, "options of --%s as %s: %s", option, name, reason(e)),
          e);
    }
  }

  private boolean isWritable() {
    try {
      prepareWrite(Map.of());
      return true;
    } catch (Exception e) {
      return false;
    }
  }

  /** What the writer does before it looks at rows. */
  private void prepareWrite(Map<String, String> options) throws Exception {
    Object made = source().getDeclaredConstructor().newInstance();
    if (made instanceof FileDataSourceV2 second) {
      made = second.fallbackFileFormat().getDeclaredConstructor().newInstance();
    }
    CaseInsensitiveMap<String> known =
        new CaseInsensitiveMap<>(
            scala.collection.immutable.Map.from(CollectionConverters.asScala(options)));
    Option<String> rows = known.get("maxRecordsPerFile");
    if (rows.isDefined()) {
      Long.parseLong(rows.get());
    }
    Job job =
        Job.getInstance(
            ((org.apache.spark.sql.classic.SparkSession) spark)
                .sessionState()
                .newHadoopConfWithOptions(known));
    ((FileFormat) made).prepareWrite(spark, job, known, StructType.fromDDL("pos BIGINT"));
    if (made instanceof ParquetFileFormat) {
      openCodec(job.getConfiguration());
    }
  }

  /** A codec may be known by its name and yet not be on this machine. */
  private static void openCodec(Configuration conf) {
    CodecFactory codecs = new CodecFactory(conf, 1);
    try {
      codecs.getCompressor(
          CompressionCodecName.fromConf(conf.get(ParquetOutputFormat.COMPRESSION)));
    } finally {
      codecs.release();
    }
  }

  private static String reason(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  /**
   * Refuses to write other columns into a table: Spark would mix files of several schemas.
   *
   * @param columns of the table, where a catalog says so; null to look at its files
   * @param partitionBy columns that are partitions
   */
  void checkSameColumns(
      Path table, StructType columns, StructType schema, List<String> partitionBy) {
    Dataset<Row> files = columns == null ? files(table) : null;
    StructType stored = files == null ? columns : files.schema();
    if (stored == null || stored.isEmpty()) {
      return;
    }
    List<String> partitions = files == null ? partitionBy : partitions(files);
    String actual = describe(stored, partitions);
    String expected = describe(schema, partitionBy);
    if (!actual.equals(expected)) {
      throw new InputException(
          "HLA_OUTPUT_COLUMN",
          String.format(
              Locale.ROOT,
              "--%s %s has columns %s, expected %s to append to",
              option,
              table,
              actual,
              expected));
    }
  }

  /** The files of a table; null if there are none. */
  private Dataset<Row> files(Path table) {
    try {
      return spark.read().format(name).load(table.toString());
    } catch (Exception e) {
      if (e instanceof AnalysisException) {
        // A folder without a file has no columns.
        return null;
      }
      throw e;
    }
  }

  private static List<String> partitions(Dataset<Row> files) {
    LogicalPlan plan =
        ((org.apache.spark.sql.classic.Dataset<Row>) files).queryExecution().analyzed();
    return plan instanceof LogicalRelation read && read.relation() instanceof HadoopFsRelation table
        ? List.of(table.partitionSchema().fieldNames())
        : List.of();
  }

  /** Sorted, with types where the format keeps them; the values of partitions are text. */
  private String describe(StructType schema, List<String> partitions) {
    boolean typed = isParquet() || name.equalsIgnoreCase("orc");
    String columns =
        Arrays.stream(schema.fields())
            .map(
                field ->
                    partitions.contains(field.name()) || !typed
                        ? field.name()
                        : field.name() + " " + field.dataType().simpleString())
            .sorted()
            .toList()
            .toString();
    return partitions.isEmpty() ? columns : columns + " partitioned by " + partitions;
  }

  boolean isParquet() {
    return name.equalsIgnoreCase("parquet");
  }
}
