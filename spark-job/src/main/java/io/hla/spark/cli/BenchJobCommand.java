package io.hla.spark.cli;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.when;

import io.hla.spark.Attention;
import io.hla.spark.parquet.VectorParquetFormat;
import io.hla.spark.table.TokenColumns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A job, and the least that any job over the same table does: Spark reads it and writes as much.
 */
@Command(
    name = "job",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Time of attend, from the index to the last written row, against a copy: Spark alone reads",
      "q, k and v of the same table and writes q, or v where it has the width of the output. The two",
      "alternate."
    },
    footer = {"", "Example:", "  submit.sh bench job --input tokens --num-heads 8 --repeat 5"})
final class BenchJobCommand implements Callable<Integer> {
  @Mixin private TokenSource input;
  @Mixin private OperatorOptions operator;
  @Mixin private ComputeOptions compute;

  @Option(names = "--repeat", paramLabel = "N", description = "The best counts. Default: 3.")
  private int repeat = 3;

  @Option(
      names = "--work",
      paramLabel = "FOLDER",
      description = {
        "Local folder of the table that is written and deleted again. Default: a temporary one."
      })
  private Path work;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    input.check();
    operator.check();
    compute.check();
    if (repeat < 1) {
      throw new ParameterException(
          command.commandLine(), "--repeat is " + repeat + ", expected at least 1");
    }
    SparkSession spark = Sessions.open("hla bench job");
    Dataset<Row> tokens = input.read(spark, operator);
    Attention request = compute.applyTo(operator.request(), spark).columns(input.columns());
    if (work != null) {
      Files.createDirectories(work);
    }
    Path folder =
        work == null
            ? Files.createTempDirectory("hla-bench-")
            : Files.createTempDirectory(work, "hla-bench-");
    double copy = Double.POSITIVE_INFINITY;
    double attend = Double.POSITIVE_INFINITY;
    try {
      for (int i = 1; i <= repeat; i++) {
        double copied = seconds(() -> write(copy(tokens), "parquet", folder));
        double attended =
            seconds(() -> write(request.attend(tokens), VectorParquetFormat.NAME, folder));
        System.out.printf("%d  copy %.2f s  attend %.2f s%n", i, copied, attended);
        copy = Math.min(copy, copied);
        attend = Math.min(attend, attended);
      }
    } finally {
      delete(folder);
    }
    System.out.printf(
        "best  copy %.2f s  attend %.2f s  ratio %.2f%n", copy, attend, attend / copy);
    return 0;
  }

  // Any use of k and v makes Spark read the whole columns.
  private Dataset<Row> copy(Dataset<Row> tokens) {
    TokenColumns columns = input.columns();
    boolean outputsAreValues = operator.numHeads() == operator.numKvHeads();
    return tokens.select(
        quoted(columns.position()).as("pos"),
        when(
                element_at(quoted(columns.key()), 1)
                    .plus(element_at(quoted(columns.value()), 1))
                    .isNotNull(),
                quoted(outputsAreValues ? columns.value() : columns.query()))
            .as("o"));
  }

  private static Column quoted(String column) {
    return col("`" + column + "`");
  }

  private static void write(Dataset<Row> rows, String format, Path folder) {
    rows.write()
        .format(format)
        .mode(SaveMode.Overwrite)
        .option(VectorParquetFormat.VECTORS, "o")
        // Floats of different tokens repeat too seldom for a dictionary; it would slow down Spark.
        .option("parquet.enable.dictionary#o.list.element", false)
        .save(folder.resolve("out").toString());
  }

  private static double seconds(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }

  private static void delete(Path folder) throws IOException {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder.toUri());
    path.getFileSystem(new org.apache.hadoop.conf.Configuration()).delete(path, true);
  }
}
