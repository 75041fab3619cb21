package io.hla.spark.cli;

import static org.apache.spark.sql.functions.col;

import io.hla.spark.input.Run;
import io.hla.spark.input.TokenColumns;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/** Prints the outputs of the first tokens of a run. */
final class FirstRows {
  private static final int VALUES = 6;

  private FirstRows() {}

  static void print(
      Dataset<Row> written,
      StructType schema,
      TokenColumns columns,
      String outputColumn,
      Run first,
      int count) {
    Column position = col("`" + columns.position() + "`");
    Dataset<Row> rows = written.where(position.between(first.start(), first.start() + count - 1));
    if (Arrays.asList(schema.fieldNames()).contains(columns.sequence())) {
      DataType type = schema.apply(columns.sequence()).dataType();
      Column sequence = col("`" + columns.sequence() + "`");
      // Formats such as JSON store values of some types as text.
      rows = rows.where(sequence.try_cast(type).equalTo(first.sequence().external(type)));
    }
    System.out.printf("%nfirst outputs of %s:%n", first.sequence());
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
      text.append(text.length() > 1 ? ", " : "").append(String.format("%.6g", value.doubleValue()));
    }
    return text.append(values.size() > VALUES ? ", ... (" + values.size() + " values)]" : "]")
        .toString();
  }
}
