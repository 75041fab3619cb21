package io.hla.spark.cli;

import io.hla.spark.output.JobInputs;
import io.hla.spark.output.OutputTable;
import io.hla.spark.output.Publication;
import io.hla.spark.report.ConsoleReport;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes a synthetic token table. */
@Command(
    name = "generate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Writes a token table of random numbers: seq, pos, q, k, v, and g with --gates.",
      "A number depends on the seed, the sequence, the position and its column alone."
    },
    footer = {
      "",
      "Example: a million tokens in 4 sequences, 8 query heads that share 2 key and value heads",
      "  submit.sh generate --tokens 1000000 --sequences 4 --num-heads 8 --num-kv-heads 2 \\",
      "      --head-dim 64 --output tokens"
    })
final class GenerateCommand implements Callable<Integer> {
  @Option(
      names = "--tokens",
      required = true,
      paramLabel = "N",
      description = "Tokens of all sequences together.")
  private long tokens;

  @Option(
      names = "--sequences",
      paramLabel = "M",
      description = "Sequences that share the tokens evenly, numbered from 0. Default: 1.")
  private long sequences = 1;

  @Option(names = "--num-heads", paramLabel = "H", description = "Query heads. Default: 1.")
  private int numHeads = 1;

  @Option(
      names = "--num-kv-heads",
      paramLabel = "Hkv",
      description = "Key and value heads, a divisor of H. Default: H.")
  private Integer numKvHeads;

  @Option(
      names = "--head-dim",
      paramLabel = "d",
      description = "Numbers of a query or key of one head. Default: 64.")
  private int headDim = 64;

  @Option(
      names = "--value-dim",
      paramLabel = "dv",
      description = "Numbers of a value of one head. Default: d.")
  private Integer valueDim;

  @Option(
      names = "--distribution",
      paramLabel = "normal|uniform|integer",
      description =
          "normal (default): mean 0, variance 1; uniform: -1 to 1; integer: -2 to 2, so that sums"
              + " stay exact.")
  private Distribution distribution = Distribution.NORMAL;

  @Option(
      names = "--gates",
      description =
          "A column g of H gates, from 0.9 to 1 (1 with integer); at about one token of 1000 all are"
              + " 0, which begins anew.")
  private boolean gates;

  @Option(names = "--seed", paramLabel = "S", description = "Any integer. Default: 0.")
  private long seed;

  @Mixin private OutputOptions output;

  @Option(
      names = "--partitions",
      paramLabel = "P",
      description = "Tasks, and files of the output. Default: from the number and size of tokens.")
  private Integer partitions;

  @Override
  public Integer call() {
    int kvHeads = numKvHeads == null ? numHeads : numKvHeads;
    int valueSize = valueDim == null ? headDim : valueDim;
    SyntheticTokens stream =
        new SyntheticTokens(
            tokens, sequences, numHeads, kvHeads, headDim, valueSize, distribution, seed, gates);
    output.check();
    SparkSession spark = Sessions.open("hla generate");
    ConsoleReport console = Sessions.console(spark);
    try (Publication publication = new Publication(spark, console::warning)) {
      OutputTable table = publication.add(output.request());
      if (!publication.prepare(JobInputs.none())) {
        System.out.println("nothing to do: " + publication.reason());
        return 0;
      }
      output.checkWriter(table);
      Dataset<Row> rows =
          partitions == null ? stream.table(spark) : stream.table(spark, partitions);
      String[] vectors = gates ? new String[] {"q", "k", "v", "g"} : new String[] {"q", "k", "v"};
      String reason = output.sparksWriter(spark, table, rows.schema(), vectors);
      if (reason != null) {
        console.warning("tokens are written by Spark's own Parquet writer: " + reason);
      }
      table.stage(rows, output.writer(spark, table, rows.schema(), "pos", vectors), Runnable::run);
      publication.publish(() -> {});
      System.out.printf(
          Locale.ROOT, "wrote %d tokens to %s (sequences: %d)%n", tokens, table.place(), sequences);
    }
    return 0;
  }
}
