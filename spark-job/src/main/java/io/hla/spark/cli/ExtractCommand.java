package io.hla.spark.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Features and scores of a model over text or ids. */
@Command(
    name = "extract",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Runs a model of higher-order linear attention layers over sequences of any length, exactly.",
    footer = {
      "",
      "Examples:",
      "  submit.sh extract --text book.txt --model models/tiny --output features",
      "  submit.sh extract --text book.txt --model models/tiny --features none --score \\",
      "      --output scores --report report.html",
      "  submit.sh extract --input documents --text-col body --keep url --pool mean --l2 \\",
      "      --model models/tiny --output vectors",
      "  submit.sh extract --input tuesday --ids-col ids --seq-col user --model models/tiny \\",
      "      --initial-state monday --final-state state --output features2"
    })
final class ExtractCommand implements Callable<Integer> {
  @Mixin private IdInput input;
  @Mixin private ModelOptions model;
  @Mixin private ComputeOptions compute;
  @Mixin private ModelStateOptions states;
  @Mixin private OutputOptions output;

  @Option(names = "--show", paramLabel = "N", description = "Prints the first N output rows.")
  private int show;

  @Mixin private ReportOptions reports;

  @Override
  public Integer call() throws Exception {
    input.check();
    compute.check();
    output.check();
    states.check();
    model.request();
    return reports.reporting(
        "extract",
        (spark, reporting) ->
            new ExtractRun(spark, reporting, input, model, compute, states, output).extract(show));
  }
}
