package io.hla.spark.text;

import io.hla.kernels.Element;
import io.hla.spark.tokenizer.Tokenizer;
import io.hla.spark.tokenizer.Tokenizers;
import io.hla.spark.tokenizer.WordSplitter;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Text files as a token table: every file is a sequence, every word ({@link WordSplitter}) a token
 * at its index in the file. Files are split over tasks; a first small job counts the words of every
 * split, so that a task knows the position of its first word.
 */
public final class TextTokens {
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
   * @throws io.hla.spark.InputException HLA_INPUT_MISSING if a path does not exist or a glob finds
   *     nothing; HLA_INPUT_CHANGED, from tasks that read the table, if a file is not what was
   *     counted
   */
  public static TextTokens open(SparkSession spark, List<String> paths, EmbeddingModel model) {
    return open(spark, paths, model, CountedText.splits(spark));
  }

  static TextTokens open(
      SparkSession spark, List<String> paths, EmbeddingModel model, Map<String, String> splits) {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Broadcast<Tokenizer> words = context.broadcast(Tokenizers.words(model.vocabulary()));
    CountedText text = CountedText.of(spark, paths, splits, words);
    words.unpersist();
    MakeTokens make = new MakeTokens(context.broadcast(model), text.blocks());
    Dataset<Row> table =
        ((org.apache.spark.sql.classic.SparkSession) spark)
            .internalCreateDataFrame(text.pieces().mapPartitions(make).rdd(), schema(model), false);
    return new TextTokens(table, text.tokens(), text.unknown());
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
}
