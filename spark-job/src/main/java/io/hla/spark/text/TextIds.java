package io.hla.spark.text;

import io.hla.spark.InputException;
import io.hla.spark.table.Columns;
import io.hla.spark.tokenizer.Tokenizer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Tables (seq, pos, id) of the tokens of texts, one row a token. */
public final class TextIds {
  /** What the column of ids is called unless another name is asked for. */
  private static final String ID = "id";

  private static final StructType FILES =
      new StructType()
          .add("seq", DataTypes.StringType, false)
          .add("pos", DataTypes.LongType, false)
          .add(ID, DataTypes.IntegerType, false);

  private TextIds() {}

  /**
   * The tokens of text files; every file is a sequence. Its tokens are counted first, which is one
   * Spark job. Files are split over tasks as those of {@link TextTokens} are, at the tokenizer's
   * borders: the ids are those of the whole file, wherever it is split. A byte order mark at the
   * front of a file is not part of its text, but is of its bytes.
   *
   * @param paths files, folders with all that is in them, or globs; a file found twice is read once
   * @return seq string (the file's last name, or its path when two files share that name), pos
   *     bigint from 0, id int; a file without tokens has no rows
   * @throws InputException HLA_INPUT_MISSING if a path does not exist or a glob finds nothing; from
   *     tasks, HLA_INPUT_CHANGED if a file is not what was counted, HLA_INPUT_TEXT if more than
   *     2^30 bytes would have to be read as one piece
   */
  public static Dataset<Row> files(SparkSession spark, List<String> paths, Tokenizer tokenizer) {
    return files(spark, paths, tokenizer, CountedText.splits(spark));
  }

  static Dataset<Row> files(
      SparkSession spark, List<String> paths, Tokenizer tokenizer, Map<String, String> splits) {
    Broadcast<Tokenizer> shared =
        JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(tokenizer);
    CountedText text = CountedText.of(spark, paths, splits, shared);
    return ((org.apache.spark.sql.classic.SparkSession) spark)
        .internalCreateDataFrame(
            text.pieces().mapPartitions(new MakeIds(shared, text.blocks())).rdd(), FILES, false);
  }

  /**
   * The tokens of the texts of a table. Lazy: no Spark job runs before the first action, and what
   * rows hold is refused by that. The plan of the table goes on to be part of the plan.
   *
   * <p>Without a sequence column every row is a sequence with a number: that of its partition times
   * 2^33, plus that of the row in the partition, as long as the table is read in the same
   * partitions, which follow from its files and the settings that split them. With one, every row
   * is the sequence that it names; with an order, the rows of a sequence are sorted by it and their
   * tokens stand one behind the other. That costs a sort of the texts, and a job that counts their
   * tokens.
   *
   * @param text column of type string, or binary (bytes of UTF-8)
   * @param sequence column of any atomic type, or null
   * @param order column of any ordered type, or null; only with a sequence
   * @param keep columns that every token of a row has, too
   * @return seq (bigint, or as the column's type), pos bigint from 0, id int, kept columns; a text
   *     without tokens has no rows
   * @throws InputException HLA_INPUT_COLUMN, HLA_INPUT_TYPE, HLA_INPUT_STREAMING,
   *     HLA_OPTION_CONFLICT or HLA_OUTPUT_COLUMN; from tasks, HLA_INPUT_NULL, HLA_INPUT_DUPLICATE
   *     (a place in a sequence twice) or HLA_INPUT_CHANGED
   */
  public static Dataset<Row> column(
      Dataset<Row> table,
      String text,
      String sequence,
      String order,
      List<String> keep,
      Tokenizer tokenizer) {
    return column(table, text, sequence, order, keep, tokenizer, ID);
  }

  /** The same with another name for the column of ids, where a kept column is called id. */
  public static Dataset<Row> column(
      Dataset<Row> table,
      String text,
      String sequence,
      String order,
      List<String> keep,
      Tokenizer tokenizer,
      String idColumn) {
    StructField field = Columns.find(table.schema(), text);
    if (!(field.dataType() instanceof StringType) && !(field.dataType() instanceof BinaryType)) {
      throw type(field, "string or binary");
    }
    Broadcast<Tokenizer> shared =
        JavaSparkContext.fromSparkContext(table.sparkSession().sparkContext()).broadcast(tokenizer);
    return TextTable.of(table, field, sequence, order, keep, shared, idColumn);
  }

  /**
   * The tokens of a table whose rows hold their ids; all else as with {@link #column}.
   *
   * @param ids column of type array of int, bigint, smallint or tinyint
   * @throws InputException as {@link #column}; from tasks, HLA_INPUT_ID if a number is no id
   */
  public static Dataset<Row> ids(
      Dataset<Row> table, String ids, String sequence, String order, List<String> keep) {
    return ids(table, ids, sequence, order, keep, ID);
  }

  /** The same with another name for the column of ids, where a kept column is called id. */
  public static Dataset<Row> ids(
      Dataset<Row> table,
      String ids,
      String sequence,
      String order,
      List<String> keep,
      String idColumn) {
    StructField field = Columns.find(table.schema(), ids);
    if (!(field.dataType() instanceof ArrayType array)
        || !Columns.isIntegral(array.elementType())) {
      throw type(field, "array<int>, array<bigint>, array<smallint> or array<tinyint>");
    }
    return TextTable.of(table, field, sequence, order, keep, null, idColumn);
  }

  private static InputException type(StructField field, String expected) {
    return new InputException(
        "HLA_INPUT_TYPE",
        String.format(
            Locale.ROOT,
            "column %s is %s, expected %s",
            field.name(),
            field.dataType().simpleString(),
            expected));
  }
}
