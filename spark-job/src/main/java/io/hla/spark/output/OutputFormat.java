package io.hla.spark.output;

import io.hla.spark.InputException;
import io.hla.spark.parquet.VectorParquetFormat;
import java.util.Arrays;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.DataSource;
import org.apache.spark.sql.types.StructType;

/**
 * A format of Spark that a table is written in.
 *
 * @param option the option that the path of the table came from
 * @param name the name of the format
 */
record OutputFormat(SparkSession spark, String option, String name) {

  /** Refuses a format that this Spark does not have. */
  void check() {
    try {
      DataSource.lookupDataSource(
          name, ((org.apache.spark.sql.classic.SparkSession) spark).sessionState().conf());
    } catch (Exception e) {
      throw refusal(e);
    }
  }

  /** Writes a table; the columns of vectors that the options name have a Parquet writer of ours. */
  // Spark throws checked exceptions here that its Java signatures do not declare.
  void save(DataFrameWriter<Row> writer, Map<String, String> options, Path path) {
    boolean vectors = isParquet() && options.containsKey(VectorParquetFormat.VECTORS);
    try {
      writer
          .format(vectors ? VectorParquetFormat.NAME : name)
          .options(options)
          .save(path.toString());
    } catch (Exception e) {
      if (e instanceof AnalysisException) {
        throw refusal(e);
      }
      throw e;
    }
  }

  private InputException refusal(Exception e) {
    String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return new InputException(
        "HLA_OUTPUT_FORMAT", String.format("--%s as %s: %s", option, name, reason), e);
  }

  /** Refuses to append other columns: Spark would mix files of several schemas in one folder. */
  void checkSameColumns(Path table, StructType schema) {
    StructType stored = stored(table);
    String actual = columns(stored);
    String expected = columns(schema);
    if (!stored.isEmpty() && !actual.equals(expected)) {
      throw new InputException(
          "HLA_OUTPUT_COLUMN",
          String.format(
              "--%s %s has columns %s, expected %s to append to", option, table, actual, expected));
    }
  }

  private StructType stored(Path table) {
    try {
      return spark.read().format(name).load(table.toString()).schema();
    } catch (Exception e) {
      if (e instanceof AnalysisException) {
        // A folder without a file has no columns.
        return new StructType();
      }
      throw e;
    }
  }

  /** Sorted, with types where the format keeps them. */
  private String columns(StructType schema) {
    boolean typed = isParquet() || name.equalsIgnoreCase("orc");
    return Arrays.stream(schema.fields())
        .map(field -> field.name() + (typed ? " " + field.dataType().simpleString() : ""))
        .sorted()
        .toList()
        .toString();
  }

  private boolean isParquet() {
    return name.equalsIgnoreCase("parquet");
  }
}
