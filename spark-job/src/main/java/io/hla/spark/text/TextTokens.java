package io.hla.spark.text;

import io.hla.kernels.Element;
import io.hla.spark.InputException;
import io.hla.spark.text.TextBlocks.Count;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Text files as a token table: every file is a sequence, every word ({@link WordSplitter}) a token
 * at its index in the file. Files are split over tasks; a first small job counts the words of every
 * split, so that a task knows the position of its first word.
 */
public final class TextTokens {
  /** Split sizes, fixed so that runs do not depend on the cluster; text grows some 150 times. */
  private static final Map<String, String> SPLITS =
      Map.of(
          "spark.sql.files.minPartitionNum", "32",
          "spark.sql.files.maxPartitionBytes", Integer.toString(4 << 20),
          "spark.sql.files.openCostInBytes", Integer.toString(64 << 10));

  private static final String DESCRIPTION = "spark.job.description";

  private final Dataset<Row> table;
  private final long tokens;
  private final long unknown;

  private TextTokens(Dataset<Row> table, long tokens, long unknown) {
    this.table = table;
    this.tokens = tokens;
    this.unknown = unknown;
  }

  /**
   * Opens text files and counts their words, which is one Spark job. Files are split by 4 MB or a
   * 32nd of all, whatever the session says; {@code spark.sql.files.minPartitionNum}, {@code
   * maxPartitionBytes} and {@code openCostInBytes} of the application's configuration win.
   *
   * @param paths files, folders with all that is in them, or globs; a file found twice is read once
   * @throws InputException HLA_INPUT_MISSING if a path does not exist or a glob finds nothing;
   *     HLA_INPUT_CHANGED, from tasks that read the table, if a file is not what was counted
   */
  public static TextTokens open(SparkSession spark, List<String> paths, EmbeddingModel model) {
    SparkConf given = spark.sparkContext().getConf();
    Map<String, String> splits = new HashMap<>(SPLITS);
    splits.replaceAll(given::get);
    return open(spark, paths, model, splits);
  }

  static TextTokens open(
      SparkSession spark, List<String> paths, EmbeddingModel model, Map<String, String> splits) {
    checkExist(spark, paths);
    JavaRDD<InternalRow> lines = lines(spark, paths, splits);
    SparkContext context = spark.sparkContext();
    JavaSparkContext java = JavaSparkContext.fromSparkContext(context);
    Broadcast<EmbeddingModel> shared = java.broadcast(model);
    String description = context.getLocalProperty(DESCRIPTION);
    context.setJobDescription("count the words of the text");
    List<Count> counts;
    try {
      counts = lines.mapPartitions(new CountWords(shared)).collect();
    } finally {
      context.setLocalProperty(DESCRIPTION, description);
    }
    MakeTokens make = new MakeTokens(shared, java.broadcast(TextBlocks.of(counts)));
    Dataset<Row> table =
        ((org.apache.spark.sql.classic.SparkSession) spark)
            .internalCreateDataFrame(lines.mapPartitions(make).rdd(), schema(model), false);
    return new TextTokens(
        table,
        counts.stream().mapToLong(Count::words).sum(),
        counts.stream().mapToLong(Count::unknown).sum());
  }

  /**
   * The table: seq string (the file's last name, or its path when two files share that name), pos
   * bigint (index of the word in its file, from 0), q, k and v array&lt;float&gt;
   * (array&lt;double&gt; with float64), word string (as split, lower case), id int (row of the
   * embedding). Rows of a file stand in order within a partition; partitions stand in any order.
   */
  public Dataset<Row> table() {
    return table;
  }

  /** Columns and types of {@link #table()}; none is nullable. */
  public StructType schema() {
    return table.schema();
  }

  /** Words in all files. */
  public long tokens() {
    return tokens;
  }

  /** Words that the vocabulary lacks; they have the vectors of row 0. */
  public long unknown() {
    return unknown;
  }

  private static StructType schema(EmbeddingModel model) {
    DataType number =
        model.element() == Element.DOUBLE ? DataTypes.DoubleType : DataTypes.FloatType;
    DataType vector = DataTypes.createArrayType(number, false);
    return new StructType()
        .add("seq", DataTypes.StringType, false)
        .add("pos", DataTypes.LongType, false)
        .add("q", vector, false)
        .add("k", vector, false)
        .add("v", vector, false)
        .add("word", DataTypes.StringType, false)
        .add("id", DataTypes.IntegerType, false);
  }

  /** Refuses what is not there before Spark does, which would log a stack trace with it. */
  private static void checkExist(SparkSession spark, List<String> paths) {
    for (String path : paths) {
      try {
        Path hadoopPath = new Path(path);
        FileStatus[] found =
            hadoopPath
                .getFileSystem(spark.sparkContext().hadoopConfiguration())
                .globStatus(hadoopPath);
        if (found == null || found.length == 0) {
          throw new InputException("HLA_INPUT_MISSING", "text \"" + path + "\" does not exist");
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot find text \"" + path + "\"", e);
      }
    }
  }

  /** Lines with their place. Both passes use this one RDD, so that they see the same splits. */
  private static JavaRDD<InternalRow> lines(
      SparkSession spark, List<String> paths, Map<String, String> splits) {
    // A clone, because split sizes that suit text would be too small for tables.
    SparkSession reader = ((org.apache.spark.sql.classic.SparkSession) spark).cloneSession();
    splits.forEach(reader.conf()::set);
    Dataset<Row> text =
        reader
            .read()
            .option("recursiveFileLookup", true)
            .text(paths.toArray(String[]::new))
            .selectExpr("value", "_metadata.file_path", "_metadata.file_block_start");
    return ((org.apache.spark.sql.classic.Dataset<Row>) text).queryExecution().toRdd().toJavaRDD();
  }
}
