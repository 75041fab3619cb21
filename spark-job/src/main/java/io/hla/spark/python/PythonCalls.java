package io.hla.spark.python;

import io.hla.kernels.Element;
import io.hla.spark.Attention;
import io.hla.spark.AttentionOption;
import io.hla.spark.InputException;
import io.hla.spark.extract.ModelText;
import io.hla.spark.stream.StreamOptions;
import io.hla.spark.text.EmbeddingModel;
import io.hla.spark.text.TextIds;
import io.hla.spark.text.TextTokens;
import io.hla.spark.tokenizer.Tokenizer;
import io.hla.spark.validate.Check;
import io.hla.spark.validate.Validator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Entries for the Python package: arguments are what py4j makes of Python's numbers, texts, lists
 * and dictionaries.
 */
public final class PythonCalls {
  private static final StructType CHECKS =
      new StructType()
          .add("name", DataTypes.StringType, false)
          .add("error", DataTypes.DoubleType)
          .add("limit", DataTypes.DoubleType)
          .add("control", DataTypes.BooleanType, false)
          .add("passed", DataTypes.BooleanType, false)
          .add("result", DataTypes.StringType, false)
          .add("detail", DataTypes.StringType, false);

  private PythonCalls() {}

  /**
   * Validates a token table, as the command does.
   *
   * @param options values by {@link AttentionOption#key}
   * @param compareTokens how far behind the first position the job is run in other ways
   * @param sample share of the runs whose tokens are all proved
   * @param seed chooses them
   * @return a row a check, error and limit null where there is none
   * @throws InputException if the table or an option is refused
   */
  public static Dataset<Row> validate(
      Dataset<Row> tokens,
      Map<String, Object> options,
      long compareTokens,
      double sample,
      long seed) {
    SparkSession spark = tokens.sparkSession();
    List<Check> checks =
        InputException.named(
            () -> {
              Attention request = request(options);
              request =
                  request.compute(request.compute().configured(spark.sparkContext().getConf()));
              return Validator.of(spark, request, tokens, compareTokens, sample, seed)
                  .run()
                  .checks();
            });
    return spark.createDataFrame(checks.stream().map(PythonCalls::row).toList(), CHECKS);
  }

  /**
   * Attention over a stream, {@link Attention#stream(Dataset, Dataset, StreamOptions)}.
   *
   * @param states that sequences go on from, or null
   * @param options values by {@link AttentionOption#key}
   * @param late what becomes of late positions: fail, drop or error
   * @param holdBack rows of a sequence that wait for those in front of them
   * @param startAt the first position of new sequences, or null for any
   * @throws InputException if columns, states or an option are refused
   */
  public static Dataset<Row> stream(
      Dataset<Row> tokens,
      Dataset<Row> states,
      Map<String, Object> options,
      String late,
      int holdBack,
      Long startAt) {
    StreamOptions order = StreamOptions.defaults().late(late).holdBack(holdBack);
    return InputException.named(
        () ->
            request(options).stream(
                tokens, states, startAt == null ? order : order.startAt(startAt)));
  }

  private static Row row(Check check) {
    return RowFactory.create(
        check.name(),
        numberOrNull(check.error()),
        numberOrNull(check.limit()),
        check.isControl(),
        check.passed(),
        check.result(),
        check.detail());
  }

  private static Double numberOrNull(double value) {
    return Double.isNaN(value) ? null : value;
  }

  private static Attention request(Map<String, Object> values) {
    Map<AttentionOption, Object> options = new EnumMap<>(AttentionOption.class);
    values.forEach(
        (key, value) -> {
          AttentionOption option = AttentionOption.valueOf(key.toUpperCase(Locale.ROOT));
          options.put(option, typed(option.type(), value));
        });
    return AttentionOption.request(options);
  }

  /** Python has one type of integers, and integers where others have floats. */
  private static Object typed(DataType type, Object value) {
    if (type instanceof ArrayType array) {
      List<?> values = value instanceof List<?> list ? list : List.of(value);
      return array.elementType().equals(DataTypes.DoubleType)
          ? values.stream().mapToDouble(number -> ((Number) number).doubleValue()).toArray()
          : values.toArray(String[]::new);
    }
    if (value instanceof Number number) {
      return type.equals(DataTypes.IntegerType)
          ? (Object) Math.toIntExact(number.longValue())
          : type.equals(DataTypes.LongType) ? (Object) number.longValue() : number.doubleValue();
    }
    return value;
  }

  /**
   * Text files as a token table, {@link TextTokens#table}. Words are counted, which is one job.
   *
   * @param paths files, folders or globs
   * @param model a safetensors file, or a directory with model.safetensors or its index and shards
   * @param vocabulary a file whose line n is the word of row n
   * @param asDoubles whether vectors are doubles, as they are computed, or rounded to float
   * @throws InputException HLA_INPUT_MISSING, HLA_MODEL_DAMAGED, HLA_MODEL_TENSOR, HLA_MODEL_SHAPE
   *     or HLA_VOCABULARY
   */
  public static Dataset<Row> textTokens(
      SparkSession spark,
      List<String> paths,
      String model,
      String vocabulary,
      int numHeads,
      int numKvHeads,
      boolean asDoubles) {
    EmbeddingModel weights =
        EmbeddingModel.read(
            spark.sparkContext().hadoopConfiguration(),
            model,
            vocabulary,
            numHeads,
            numKvHeads,
            asDoubles ? Element.DOUBLE : Element.FLOAT);
    return TextTokens.open(spark, paths, weights).table();
  }

  /**
   * Text files as a table of ids, {@link TextIds#files}. Tokens are counted, which is one job.
   *
   * @param paths files, folders or globs
   * @param tokenizer by name or file; null for that of the model
   * @param model a directory, whose ids they are to be; null for none in particular
   * @throws InputException HLA_INPUT_MISSING, HLA_TOKENIZER, HLA_VOCABULARY or HLA_MODEL_*
   */
  public static Dataset<Row> textIds(
      SparkSession spark, List<String> paths, String tokenizer, String model, boolean allowExtra) {
    return TextIds.files(spark, paths, tokenizer(spark, tokenizer, model, allowExtra));
  }

  /**
   * Texts, or arrays of ids, of a table as a table of ids: {@link TextIds#column} or {@link
   * TextIds#ids}. Runs nothing.
   *
   * @param text column of texts, or null
   * @param ids column of arrays of ids, where there is no text
   * @param sequence column that names the sequences of rows, or null
   * @param order column in whose order the rows of a sequence are, or null
   * @throws InputException as {@link TextIds#column} does, HLA_TOKENIZER, HLA_VOCABULARY or
   *     HLA_MODEL_*
   */
  public static Dataset<Row> tokenIds(
      Dataset<Row> table,
      String text,
      String ids,
      String sequence,
      String order,
      List<String> keep,
      String tokenizer,
      String model,
      boolean allowExtra) {
    return text == null
        ? TextIds.ids(table, ids, sequence, order, keep)
        : TextIds.column(
            table,
            text,
            sequence,
            order,
            keep,
            tokenizer(table.sparkSession(), tokenizer, model, allowExtra));
  }

  private static Tokenizer tokenizer(
      SparkSession spark, String name, String model, boolean allowExtra) {
    Configuration configuration = spark.sparkContext().hadoopConfiguration();
    if (model == null) {
      return ModelText.tokenizer(configuration, name);
    }
    return name == null
        ? ModelText.tokenizer(configuration, model, allowExtra)
        : ModelText.tokenizer(configuration, name, model, allowExtra);
  }
}
