package io.hla.spark.output;

import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/** Finds what a job reads, so that no table is written over it. */
final class TableInputs {
  private TableInputs() {}

  /** What a path, a glob or a name stands for; nothing for a view or what does not exist. */
  static List<TableInput> of(SparkSession spark, String text, boolean isName) {
    Places places = new Places(spark.sparkContext().hadoopConfiguration());
    List<TableInput> inputs = new ArrayList<>();
    if (!isName) {
      for (Path path : places.matches(text)) {
        inputs.add(new TableInput(text, path, null));
      }
      return inputs;
    }
    try {
      NamedTable named = NamedTable.of(spark, text, text);
      if (named.table() != null && !named.isView()) {
        String location =
            named.session() != null ? named.location() : named.table().properties().get("location");
        inputs.add(
            new TableInput(text, location == null ? null : places.resolve(location), named.sql()));
      }
    } catch (InputException e) {
      // Temporary views have no place in a catalog. What does not exist is refused when it is read.
      return inputs;
    }
    return inputs;
  }
}
