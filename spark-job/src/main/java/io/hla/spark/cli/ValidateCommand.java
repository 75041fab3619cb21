package io.hla.spark.cli;

import io.hla.spark.Attention;
import io.hla.spark.Figure;
import io.hla.spark.GateScale;
import io.hla.spark.cli.ReportOptions.Reporting;
import io.hla.spark.report.RunReport;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import io.hla.spark.table.TokenColumns;
import io.hla.spark.validate.Check;
import io.hla.spark.validate.Validator;
import io.hla.spark.validate.page.ValidationPage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Proves on this cluster and input that the distributed scan is the recurrence. */
@Command(
    name = "validate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Proves on this cluster and this input that the scan equals the recurrence. Exit code 4 when"
            + " it does not hold.",
    footer = {
      "",
      "Examples:",
      "  submit.sh validate --input tokens --num-heads 8 --decay 0.99 --html proof.html",
      "  submit.sh validate --synthetic tokens=1000000,sequences=1,head-dim=16"
    })
final class ValidateCommand implements Callable<Integer> {
  private static final int DOES_NOT_HOLD = 4;

  @Mixin private TokenSource input;
  @Mixin private OperatorOptions operator;
  @Mixin private ComputeOptions compute;

  @Option(
      names = "--synthetic",
      split = ",",
      paramLabel = "NAME=N",
      description =
          "Tokens made on the fly instead of an input: tokens, sequences, head-dim,"
              + " value-dim, seed, partitions; with gates if there is a --gate-col.")
  private Map<String, Long> synthetic = Map.of();

  @Option(
      names = "--compare-tokens",
      paramLabel = "N",
      description =
          "How far behind the first position the job is run in other ways, the serial"
              + " recurrence among them. Default: 200000.")
  private long compareTokens = 200_000;

  @Option(
      names = "--sample",
      paramLabel = "FRACTION",
      description =
          "Proves the tokens of that share of the runs, instead of every token of all of them.")
  private double sample = 1;

  @Option(
      names = "--sample-seed",
      paramLabel = "N",
      description = "Chooses the runs of --sample. Default: 1.")
  private long sampleSeed = 1;

  @Mixin private ReportOptions reports;

  @Option(
      names = "--html",
      paramLabel = "FILE.html",
      description = "The verdict as one page that needs no other file.")
  private Path page;

  @Spec private CommandSpec command;

  @Override
  public Integer call() throws Exception {
    if (synthetic.isEmpty()) {
      input.check();
    } else if (!input.isAbsent()) {
      throw new ParameterException(
          command.commandLine(), "--synthetic and an input are two inputs, expected one of them");
    }
    if (!(sample > 0 && sample <= 1)) {
      throw new ParameterException(
          command.commandLine(), "--sample is " + sample + ", expected above 0 and at most 1");
    }
    operator.check();
    compute.check();
    return reports.reporting("validate", this::validate);
  }

  private int validate(SparkSession spark, Reporting reporting) throws IOException {
    RunReport report = reporting.report();
    TokenTable table = synthetic.isEmpty() ? input.read(spark, operator) : make(spark);
    Dataset<Row> tokens = table.rows();
    Attention request =
        compute
            .applyTo(operator.request(), spark)
            .columns(table.columns().keeping(List.of()))
            .observer(reporting.observer());
    Validator.Verdict verdict =
        Validator.of(spark, request, tokens, compareTokens, sample, sampleSeed).run();
    print(verdict, report);
    if (page != null) {
      Files.writeString(page, new ValidationPage(verdict, report).html());
      System.out.println("page             " + page);
    }
    return verdict.holds() ? 0 : DOES_NOT_HOLD;
  }

  /** Synthetic tokens have gates where a column of gates is asked for. */
  private TokenTable make(SparkSession spark) {
    Map<String, Long> sizes = new TreeMap<>(synthetic);
    long headDim = take(sizes, "head-dim", 64);
    SyntheticTokens made =
        new SyntheticTokens(
            take(sizes, "tokens", 100_000),
            take(sizes, "sequences", 1),
            operator.numHeads(),
            operator.numKvHeads(),
            Math.toIntExact(headDim),
            Math.toIntExact(take(sizes, "value-dim", headDim)),
            Distribution.NORMAL,
            take(sizes, "seed", 1),
            input.isGated());
    long partitions = take(sizes, "partitions", 0);
    if (!sizes.isEmpty()) {
      throw new ParameterException(
          command.commandLine(), "--synthetic does not know " + sizes.keySet());
    }
    return new TokenTable(
        partitions == 0 ? made.table(spark) : made.table(spark, Math.toIntExact(partitions)),
        TokenColumns.defaults().gated(input.isGated() ? "g" : null, GateScale.LINEAR));
  }

  private static long take(Map<String, Long> sizes, String name, long otherwise) {
    Long value = sizes.remove(name);
    return value == null ? otherwise : value;
  }

  private void print(Validator.Verdict verdict, RunReport report) {
    System.out.printf(
        Locale.ROOT, "%n%-44s %-10s %-10s %s%n", "check", "error", "limit", "verdict");
    for (Check check : verdict.checks()) {
      System.out.printf(
          Locale.ROOT,
          "%-44s %-10s %-10s %-7s %s%n",
          check.name(),
          number(check.error()),
          (check.isControl() ? "> " : "") + number(check.limit()),
          check.result(),
          check.detail());
    }
    System.out.println();
    if (verdict.advice() != null) {
      System.out.println(verdict.advice());
      report.warning(verdict.advice());
    }
    report.figure(Figure.RELATIVE_ERROR, verdict.relativeError());
    report.figure(Figure.CHECKS, verdict.checks());
    report.figure(Figure.VERDICT, verdict.holds() ? "holds" : "does not hold");
    System.out.println(
        verdict.holds()
            ? "The scan is the recurrence on this input."
            : "The scan is NOT the recurrence on this input.");
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : value == 0 ? "0" : String.format(Locale.ROOT, "%.1e", value);
  }
}
