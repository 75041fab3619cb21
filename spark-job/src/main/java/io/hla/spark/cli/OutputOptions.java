package io.hla.spark.cli;

import io.hla.spark.output.OutputTable;
import io.hla.spark.output.TableRequest;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The table that a command makes: where it is, how it is written, what becomes of an older one. */
final class OutputOptions {
  @Option(names = "--output", paramLabel = "PATH", description = "A new table.")
  private String output;

  @Option(
      names = "--output-table",
      paramLabel = "NAME",
      description = "A new table of a catalog, instead of --output.")
  private String outputTable;

  @Option(
      names = "--output-format",
      paramLabel = "F",
      description =
          "Any format of Spark that holds arrays; also of states by NAME. Default: parquet, and for a"
              + " NAME what its catalog makes.")
  private String format;

  @Mixin private WriterOptions writer;

  @Option(
      names = "--partition-by",
      split = ",",
      paramLabel = "COL",
      description = "Columns of the output whose values become its folders or partitions.")
  private List<String> partitionBy = List.of();

  @Option(
      names = "--mode",
      paramLabel = "errorifexists|overwrite|append|ignore",
      description = "What happens to an output that exists. Default: errorifexists.")
  private SaveMode mode = SaveMode.ErrorIfExists;

  @Option(
      names = "--run-id",
      paramLabel = "ID",
      description =
          "A name for what this command does, kept with the tables: a table that has it is not"
              + " written again.")
  private String runId;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Refuses no output and two of them. */
  void check() {
    if ((output == null) == (outputTable == null)) {
      throw usage(
          output == null
              ? "no output: give --output PATH or --output-table NAME"
              : "--output and --output-table are two outputs, expected one of them");
    }
    if (runId != null && !runId.matches("\\w[\\w.-]{0,127}")) {
      throw usage(
          "--run-id is \""
              + runId
              + "\", expected up to 128 letters, digits, dots, underscores and hyphens");
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  TableRequest request() {
    return new TableRequest(
        "output", output, outputTable, format, mode, partitionBy, runId, false, null);
  }

  /** A table of states, written with the output: by path in Parquet, by name in its format. */
  TableRequest states(String option, String path, String table, boolean whole, String replaces) {
    String stored = table == null ? null : format;
    return new TableRequest(option, path, table, stored, mode, List.of(), runId, whole, replaces);
  }

  /** Refuses what the writer of the table cannot be told; see {@link WriterOptions#check}. */
  void checkWriter(OutputTable table) {
    writer.check(table);
  }

  /** What the writer of the table is told; see {@link WriterOptions#of}. */
  Map<String, String> writer(
      SparkSession spark,
      OutputTable table,
      StructType schema,
      String position,
      String... vectors) {
    return writer.of(spark, format(table), schema, position, vectors);
  }

  /** What the writer of a table of states is told. */
  static Map<String, String> stateWriter(OutputTable table) {
    return WriterOptions.ofStates(format(table));
  }

  /** Why Spark's own writer writes the vectors of a Parquet table; null if it does not. */
  String sparksWriter(SparkSession spark, OutputTable table, StructType schema, String... vectors) {
    return writer.sparks(spark, format(table), schema, vectors);
  }

  private static String format(OutputTable table) {
    return table.format() == null ? "" : table.format();
  }
}
