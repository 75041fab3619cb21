package io.hla.spark.cli;

import static org.apache.spark.sql.functions.min;

import io.hla.spark.Attention;
import io.hla.spark.runs.RunRows;
import io.hla.spark.state.StateRange;
import io.hla.spark.table.Columns;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenColumns;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * The outputs of the first tokens of one sequence.
 *
 * @param schema of the output table
 * @param columns names of its sequence and position columns
 * @param outputColumn name of its output column
 * @param sequence the sequence
 * @param start position of the first token
 */
record FirstRows(
    StructType schema,
    TokenColumns columns,
    String outputColumn,
    SequenceKey sequence,
    long start) {
  private static final int VALUES = 6;
  private static final Set<String> SELF_DESCRIBING = Set.of("json", "xml");

  /** Of the sequence with the smallest key of a job that has tokens, or of its range. */
  static FirstRows of(
      SparkSession spark, Attention request, Attention.Result result, Optional<StateRange> range) {
    SequenceKey sequence =
        result.sequences() == 1 ? result.longestSequence() : least(spark, result);
    return new FirstRows(
        result.outputs().schema(),
        request.columns(),
        request.outputColumn(),
        sequence,
        range.map(StateRange::first).orElseGet(() -> start(result, sequence)));
  }

  private static SequenceKey least(SparkSession spark, Attention.Result result) {
    Row least =
        RunRows.of(spark, result.sequenceType(), result.runList())
            .agg(min(RunRows.SEQUENCE))
            .head();
    return SequenceKey.ofExternal(least, 0);
  }

  private static long start(Attention.Result result, SequenceKey sequence) {
    return result.runsOf(sequence, 0, 1).get(0).start();
  }

  /**
   * The table that was written. Where rows tell the columns, as in JSON, all of them would be read
   * to find what is known.
   */
  Dataset<Row> read(SparkSession spark, String format, String path) {
    boolean told = SELF_DESCRIBING.contains(format.toLowerCase(Locale.ROOT));
    DataFrameReader reader = spark.read().format(format);
    return (told ? reader.schema(schema) : reader).load(path);
  }

  /** Prints them from the table that was written. */
  void print(Dataset<Row> written, int count) {
    Column position = Columns.named(columns.position());
    Dataset<Row> rows = written.where(position.between(start, start + count - 1));
    DataType type = null;
    if (Arrays.asList(schema.fieldNames()).contains(columns.sequence())) {
      type = schema.apply(columns.sequence()).dataType();
      Column named = Columns.named(columns.sequence());
      // Formats such as JSON store values of some types as text.
      rows = rows.where(named.try_cast(type).equalTo(sequence.external(type)));
    }
    System.out.printf(Locale.ROOT, "%nfirst outputs of %s:%n", sequence.text(type));
    for (Row row : rows.orderBy(position).takeAsList(count)) {
      StringJoiner line = new StringJoiner("  ");
      for (String name : schema.fieldNames()) {
        int at = row.fieldIndex(name);
        if (name.equals(outputColumn)) {
          line.add(name + "=" + abridged(row.getList(at)));
        } else if (!name.equals(columns.sequence())) {
          line.add(name + "=" + row.get(at));
        }
      }
      System.out.println(line);
    }
  }

  private static String abridged(List<Number> values) {
    StringBuilder text = new StringBuilder("[");
    for (Number value : values.subList(0, Math.min(VALUES, values.size()))) {
      text.append(text.length() > 1 ? ", " : "")
          .append(String.format(Locale.ROOT, "%.6g", value.doubleValue()));
    }
    return text.append(values.size() > VALUES ? ", ... (" + values.size() + " values)]" : "]")
        .toString();
  }
}
