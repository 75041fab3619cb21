package io.hla.spark.cli;

import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.when;

import io.hla.spark.Attention;
import io.hla.spark.Figure;
import io.hla.spark.parquet.VectorParquetFormat;
import io.hla.spark.table.Columns;
import io.hla.spark.table.TokenColumns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf;
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
      "q, k and v of the same table and writes q, or v where it has the width of the output, as it",
      "writes by default and without a codec. All take turns; the first turn is cold and does not",
      "count among the best and the median."
    },
    footer = {"", "Example:", "  submit.sh bench job --input tokens --num-heads 8 --repeat 5"})
final class BenchJobCommand implements Callable<Integer> {
  @Mixin private TokenSource input;
  @Mixin private OperatorOptions operator;
  @Mixin private ComputeOptions compute;

  @Option(names = "--repeat", paramLabel = "N", description = "Turns. Default: 5.")
  private int repeat = 5;

  @Option(
      names = "--parts",
      split = ",",
      paramLabel = "P",
      description = {
        "Also attend with the files of the table in about so many partitions, as far as their row",
        "groups allow; one line for each number."
      })
  private List<Integer> parts = List.of();

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
    if (parts.stream().anyMatch(count -> count < 1)) {
      throw new ParameterException(
          command.commandLine(), "--parts is " + parts + ", expected numbers from 1");
    }
    SparkSession spark = Sessions.open("hla bench job");
    TokenTable table = input.read(spark, operator);
    Dataset<Row> tokens = table.rows();
    Attention request = compute.applyTo(operator.request(), spark).columns(table.columns());
    if (work != null) {
      Files.createDirectories(work);
    }
    Path folder =
        work == null
            ? Files.createTempDirectory("hla-bench-")
            : Files.createTempDirectory(work, "hla-bench-");
    BenchTimes times = new BenchTimes();
    Map<Figure, Object> figures = Map.of();
    try {
      for (int i = 1; i <= repeat; i++) {
        times.measure("copy", () -> write(copy(table), Map.of(), folder));
        times.measure(
            "copy, o uncompressed",
            () -> write(copy(table), Map.of("compression", "none"), folder));
        times.measure("attend", () -> attend(request.attend(tokens), folder));
        Attention.Result[] result = new Attention.Result[1];
        times.measure("attend, not written", () -> result[0] = compute(request, tokens));
        figures = result[0].figures();
        for (int count : parts) {
          inParts(
              spark,
              count,
              () ->
                  times.measure(
                      "attend, parts: " + count, () -> attend(request.attend(tokens), folder)));
        }
        System.out.println(i + times.lastTurn());
      }
    } finally {
      delete(folder);
    }
    print(times, figures);
    return 0;
  }

  private static Attention.Result compute(Attention request, Dataset<Row> tokens) {
    Attention.Result result = request.run(tokens);
    result.outputs().write().format("noop").mode(SaveMode.Overwrite).save();
    return result;
  }

  /** Runs something that makes so many partitions of the files that it reads. */
  private static void inParts(SparkSession spark, int count, Runnable work) {
    Map<String, String> settings =
        Map.of(
            SQLConf.FILES_MIN_PARTITION_NUM().key(), String.valueOf(count),
            SQLConf.FILES_MAX_PARTITION_BYTES().key(), String.valueOf(Long.MAX_VALUE),
            SQLConf.FILES_OPEN_COST_IN_BYTES().key(), "0");
    Map<String, String> before = new HashMap<>();
    settings.forEach(
        (key, value) -> {
          before.put(key, spark.conf().get(key, null));
          spark.conf().set(key, value);
        });
    try {
      work.run();
    } finally {
      before.forEach(
          (key, value) -> {
            if (value == null) {
              spark.conf().unset(key);
            } else {
              spark.conf().set(key, value);
            }
          });
    }
  }

  private static void print(BenchTimes times, Map<Figure, Object> figures) {
    System.out.print(times.table("copy", ((Number) figures.get(Figure.TOKENS)).longValue()));
    System.out.printf(
        Locale.ROOT,
        "of attend: writing %.2f s; before, all tasks together: reading %.2f s, arithmetic %.2f s%n",
        Math.max(0, times.median("attend") - times.median("attend, not written")),
        figures.get(Figure.READING_SECONDS),
        figures.get(Figure.COMPUTING_SECONDS));
    System.out.printf(
        Locale.ROOT,
        "vectors from pages: %s rows; splits decoded by Spark: %s%n",
        figures.getOrDefault(Figure.ROWS_FROM_PAGES, 0),
        figures.getOrDefault(Figure.SPLITS_DECODED, 0));
    System.out.printf(
        Locale.ROOT,
        "best  copy %.2f s  attend %.2f s  ratio %.2f%n",
        times.best("copy"),
        times.best("attend"),
        times.best("attend") / times.best("copy"));
  }

  // Any use of k and v makes Spark read the whole columns.
  private Dataset<Row> copy(TokenTable table) {
    TokenColumns columns = table.columns();
    boolean outputsAreValues = operator.numHeads() == operator.numKvHeads();
    return table
        .rows()
        .select(
            Columns.named(columns.position()).as("pos"),
            when(
                    element_at(Columns.named(columns.key()), 1)
                        .plus(element_at(Columns.named(columns.value()), 1))
                        .isNotNull(),
                    Columns.named(outputsAreValues ? columns.value() : columns.query()))
                .as("o"));
  }

  private static void write(Dataset<Row> rows, Map<String, String> options, Path folder) {
    rows.write()
        .mode(SaveMode.Overwrite)
        // Floats of different tokens repeat too seldom for a dictionary; it would slow down Spark.
        .option("parquet.enable.dictionary#o.list.element", false)
        .options(options)
        .parquet(folder.resolve("out").toString());
  }

  private static void attend(Dataset<Row> rows, Path folder) {
    rows.write()
        .format(VectorParquetFormat.NAME)
        .mode(SaveMode.Overwrite)
        .option(VectorParquetFormat.VECTORS, "o")
        .option("parquet.enable.dictionary#pos", false)
        .save(folder.resolve("out").toString());
  }

  private static void delete(Path folder) throws IOException {
    org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(folder.toUri());
    path.getFileSystem(new org.apache.hadoop.conf.Configuration()).delete(path, true);
  }
}
