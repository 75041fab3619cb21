package io.hla.spark.cli;

import java.io.PrintWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * Entry of the application jar. Exit codes: 0 done, 1 job failed, 2 usage, 3 bad input, 4
 * validation failed.
 */
@Command(
    name = "submit.sh",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    description = "Exact higher-order linear attention over token sequences of any length.",
    subcommands = {
      AttendCommand.class,
      ExtractCommand.class,
      ValidateCommand.class,
      GenerateCommand.class,
      InspectCommand.class,
      BenchCommand.class
    })
public final class Main {
  private static final Logger LOG = LoggerFactory.getLogger(Main.class);

  static final int JOB_FAILED = 1;
  static final int BAD_INPUT = 3;

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] args) {
    int code = run(args);
    Sessions.close();
    System.exit(code);
  }

  /** Runs one command in this JVM, on the Spark that is open if there is one. */
  static int run(String... args) {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(100)
        // A mistyped option would else be one more path of --input.
        .setUnmatchedOptionsAllowedAsOptionParameters(false)
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> report(failure, command.getErr()))
        .execute(args);
  }

  /** Says what went wrong; gives the exit code. */
  static int report(Exception thrown, PrintWriter err) {
    LOG.debug("the command failed", thrown);
    Failure failure = Failure.of(thrown);
    if (failure.condition() != null) {
      err.println("[" + failure.condition() + "] " + failure.message());
      return BAD_INPUT;
    }
    err.println("The job failed: " + failure.message());
    if (!failure.message().equals(thrown.toString())) {
      err.println("Reported as: " + firstLine(thrown));
    }
    err.println(
        "Spark's log: add --conf spark.log.level=INFO in front of the command; DEBUG has stack traces.");
    return JOB_FAILED;
  }

  private static String firstLine(Throwable failure) {
    return String.valueOf(failure).lines().findFirst().orElse("");
  }
}
