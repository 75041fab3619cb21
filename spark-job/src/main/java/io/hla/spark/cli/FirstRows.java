package io.hla.spark.cli;

import static org.apache.spark.sql.functions.col;

import io.hla.spark.input.Run;
import io.hla.spark.input.TokenColumns;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Prints the outputs of the first tokens of a run. */
final class FirstRows {
  private static final int VALUES = 6;

  private FirstRows() {}

  static void print(
      Dataset<Row> written, TokenColumns columns, String outputColumn, Run first, int count) {
    Column position = col("`" + columns.position() + "`");
    Dataset<Row> rows = written.where(position.between(first.start(), first.start() + count - 1));
    if (Arrays.asList(written.schema().fieldNames()).contains(columns.sequence())) {
      Column sequence = col("`" + columns.sequence() + "`");
      rows =
          rows.where(
              sequence.equalTo(
                  first
                      .sequence()
                      .external(written.schema().apply(columns.sequence()).dataType())));
    }
    System.out.printf("%nfirst outputs of %s:%n", first.sequence());
    for (Row row : rows.orderBy(position).takeAsList(count)) {
      StringBuilder line = new StringBuilder();
      for (String name : row.schema().fieldNames()) {
        if (name.equals(outputColumn)) {
          line.append(name).append("=").append(abridged(row.getList(row.fieldIndex(name))));
        } else if (!name.equals(columns.sequence())) {
          line.append(name).append("=").append(row.get(row.fieldIndex(name)));
        }
        line.append("  ");
      }
      System.out.println(line.toString().stripTrailing());
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
