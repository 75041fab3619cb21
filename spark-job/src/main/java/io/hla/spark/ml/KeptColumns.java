package io.hla.spark.ml;

import io.hla.spark.table.Columns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of an input, which a stage keeps.
 *
 * @param input all of them
 * @param sequence name of the sequence column, in any case; null if there is none
 * @param position name of the position column, in any case
 */
record KeptColumns(StructType input, String sequence, String position) {

  /** Those that outputs have only where they are asked for. */
  List<String> others() {
    return Arrays.stream(input.fieldNames())
        .filter(name -> !name.equalsIgnoreCase(sequence))
        .filter(name -> !name.equalsIgnoreCase(position))
        .toList();
  }

  /** Added columns of outputs behind those of the input, which keep order, names and types. */
  Dataset<Row> inFrontOf(List<String> added, Dataset<Row> outputs) {
    List<Column> all = new ArrayList<>();
    for (StructField field : input.fields()) {
      String name = field.name();
      if (name.equalsIgnoreCase(sequence)) {
        all.add(Columns.named(sequence).as(name, field.metadata()));
      } else if (name.equalsIgnoreCase(position)) {
        all.add(Columns.named(position).cast(field.dataType()).as(name, field.metadata()));
      } else {
        all.add(Columns.named(name));
      }
    }
    added.forEach(name -> all.add(Columns.named(name)));
    return outputs.select(all.toArray(Column[]::new));
  }
}
