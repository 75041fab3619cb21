package io.hla.spark.text;

import io.hla.spark.InputException;
import io.hla.spark.plan.CheckedRows;
import io.hla.spark.text.TextBlocks.Count;
import io.hla.spark.tokenizer.TextBorders;
import io.hla.spark.tokenizer.Tokenizer;
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

/**
 * Text files in pieces, split over tasks, and where the tokens of every split stand: they are
 * counted by a first small job. Both passes use the one RDD of pieces, so that they see the same
 * splits.
 *
 * @param pieces rows of {@link TextBlocks}
 * @param blocks sequence and position of the blocks' tokens
 * @param tokens tokens in all files
 * @param unknown tokens with id 0
 */
record CountedText(
    JavaRDD<InternalRow> pieces, Broadcast<TextBlocks> blocks, long tokens, long unknown) {
  /** Split sizes, fixed so that runs do not depend on the cluster; text grows some 150 times. */
  private static final Map<String, String> SPLITS =
      Map.of(
          "spark.sql.files.minPartitionNum", "32",
          "spark.sql.files.maxPartitionBytes", Integer.toString(4 << 20),
          "spark.sql.files.openCostInBytes", Integer.toString(64 << 10));

  private static final String DESCRIPTION = "spark.job.description";

  /** The settings that say how files are split: ours, unless the application has its own. */
  static Map<String, String> splits(SparkSession spark) {
    SparkConf given = spark.sparkContext().getConf();
    Map<String, String> splits = new HashMap<>(SPLITS);
    splits.replaceAll(given::get);
    return splits;
  }

  /**
   * Counts the tokens of text files.
   *
   * @param paths files, folders with all that is in them, or globs; a file found twice is read once
   * @throws InputException HLA_INPUT_MISSING if a path does not exist or a glob finds nothing
   */
  static CountedText of(
      SparkSession spark,
      List<String> paths,
      Map<String, String> splits,
      Broadcast<? extends Tokenizer> tokenizer) {
    checkExist(spark, paths);
    JavaRDD<InternalRow> pieces = pieces(spark, paths, splits, tokenizer.value().borders());
    SparkContext context = spark.sparkContext();
    String description = context.getLocalProperty(DESCRIPTION);
    context.setJobDescription("count the tokens of the text");
    List<Count> counts;
    try {
      counts = pieces.mapPartitions(new CountTokens(tokenizer)).collect();
    } finally {
      context.setLocalProperty(DESCRIPTION, description);
    }
    return new CountedText(
        pieces,
        JavaSparkContext.fromSparkContext(context).broadcast(TextBlocks.of(counts)),
        counts.stream().mapToLong(Count::tokens).sum(),
        counts.stream().mapToLong(Count::unknown).sum());
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

  private static JavaRDD<InternalRow> pieces(
      SparkSession spark, List<String> paths, Map<String, String> splits, TextBorders borders) {
    // A clone, because split sizes that suit text would be too small for tables.
    SparkSession reader = ((org.apache.spark.sql.classic.SparkSession) spark).cloneSession();
    splits.forEach(reader.conf()::set);
    Thread thread = Thread.currentThread();
    ClassLoader loader = thread.getContextClassLoader();
    Dataset<Row> files;
    try {
      // Spark looks for the format there, which not every thread of an application knows.
      thread.setContextClassLoader(PieceFormat.class.getClassLoader());
      files =
          reader
              .read()
              .format(PieceFormat.class.getName())
              .option(PieceFormat.BORDERS, borders.name())
              .option("recursiveFileLookup", true)
              .load(paths.toArray(String[]::new));
    } finally {
      thread.setContextClassLoader(loader);
    }
    Dataset<Row> text =
        files.selectExpr("piece", "_metadata.file_path", "_metadata.file_block_start");
    return CheckedRows.of(
            ((org.apache.spark.sql.classic.Dataset<Row>) text).queryExecution().toRdd())
        .toJavaRDD();
  }
}
