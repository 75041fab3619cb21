package io.hla.spark.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Attention over a token table or over text with a model. */
@Command(
    name = "attend",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Gives every token the output that one machine would have computed serially.",
    footer = {
      "",
      "Examples:",
      "  submit.sh attend --input tokens --output out --num-heads 8 --decay 0.99",
      "  submit.sh attend --input more --output out2 --num-heads 8 --decay 0.99 \\",
      "      --initial-state state1 --final-state state2",
      "  submit.sh attend --input tuesday --output all --num-heads 8 --initial-state state \\",
      "      --final-state state --mode append --run-id tuesday",
      "  submit.sh attend --input-table lake.tokens --where \"day = '2024-02-29'\" --num-heads 8 \\",
      "      --query-col emb.q --key-col emb.k --value-col emb.v --output-table lake.attended",
      "  submit.sh attend --text book.txt --model model.safetensors --vocab vocab.txt \\",
      "      --num-heads 4 --output out --keep word",
      "  submit.sh attend --input tokens --output out --num-heads 8 --gate-col g --gate-scale log \\",
      "      --program 'u = LA(q, k, k); o = LA(q, u, v, g^2)'",
      "  submit.sh attend --input tokens --output part --num-heads 8 --decay 0.99 \\",
      "      --prefixes prefixes --range s:1000000-1001000"
    })
final class AttendCommand implements Callable<Integer> {
  @Mixin private TokenSource input;
  @Mixin private OperatorOptions operator;
  @Mixin private ComputeOptions compute;
  @Mixin private StateOptions states;

  @Mixin private OutputOptions output;

  @Option(names = "--output-col", paramLabel = "COL", description = "Default: o.")
  private String outputColumn = "o";

  @Option(names = "--show", paramLabel = "N", description = "Prints the first N output rows.")
  private int show;

  @Option(
      names = "--dry-run",
      description =
          "Reads positions alone and says what the job would find, move and need; nothing is"
              + " computed or written.")
  private boolean dryRun;

  @Mixin private ReportOptions reports;

  @Override
  public Integer call() throws Exception {
    input.check();
    operator.check();
    compute.check();
    output.check();
    states.check();
    return reports.reporting(
        "attend",
        (spark, reporting) -> {
          AttendRun run =
              new AttendRun(
                  spark, reporting, input, operator, compute, states, output, outputColumn);
          return dryRun ? run.foretell() : run.attend(show);
        });
  }
}
