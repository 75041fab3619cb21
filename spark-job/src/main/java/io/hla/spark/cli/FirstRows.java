package io.hla.spark.cli;

import static org.apache.spark.sql.functions.min;

import io.hla.spark.Attention;
import io.hla.spark.runs.RunRows;
import io.hla.spark.state.StateRange;
import io.hla.spark.table.SequenceKey;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The outputs of the first tokens of one sequence.
 *
 * @param outputs of the sequence
 * @param start position of the first token
 */
record FirstRows(WrittenSequence outputs, long start) {
  private static final int VALUES = 6;

  /** Of the sequence with the smallest key of a job that has tokens, or of its range. */
  static FirstRows of(
      SparkSession spark, Attention request, Attention.Result result, Optional<StateRange> range) {
    SequenceKey sequence =
        result.sequences() == 1 ? result.longestSequence() : least(spark, result);
    return new FirstRows(
        WrittenSequence.of(request, result, sequence),
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

  /** Prints them from the table that was written. */
  void print(Dataset<Row> written, int count) {
    Column position = outputs.position();
    Dataset<Row> rows = outputs.rows(written, position.between(start, start + count - 1));
    System.out.printf(Locale.ROOT, "%nfirst outputs of %s:%n", outputs.text());
    for (Row row : rows.orderBy(position).takeAsList(count)) {
      StringJoiner line = new StringJoiner("  ");
      for (String name : outputs.schema().fieldNames()) {
        int at = row.fieldIndex(name);
        if (name.equals(outputs.outputColumn())) {
          line.add(name + "=" + abridged(row.getList(at)));
        } else if (!name.equals(outputs.columns().sequence())) {
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
