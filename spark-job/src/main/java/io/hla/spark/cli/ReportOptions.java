package io.hla.spark.cli;

import io.hla.spark.JobObserver;
import io.hla.spark.report.ConsoleReport;
import io.hla.spark.report.Observers;
import io.hla.spark.report.OutputNorms;
import io.hla.spark.report.ReportFile;
import io.hla.spark.report.RunPage;
import io.hla.spark.report.RunReport;
import io.hla.spark.report.RunReport.Status;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;

/** Where the report of a command goes, which is written however the command ends. */
final class ReportOptions {
  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = {
        "Writes what was done, also where it failed: JSON for machines, or a page where the",
        "name ends in .html. In any file system that Spark reads."
      })
  private String file;

  /** What a command does with its report. */
  interface Work {
    /** Gives the exit code. */
    int run(SparkSession spark, Reporting reporting) throws Exception;
  }

  /** Who is told what a command does. */
  static final class Reporting {
    private final RunReport report;
    private final ConsoleReport console;
    private final boolean isPage;
    private OutputNorms norms;

    private Reporting(RunReport report, ConsoleReport console, boolean isPage) {
      this.report = report;
      this.console = console;
      this.isPage = isPage;
    }

    RunReport report() {
      return report;
    }

    ConsoleReport console() {
      return console;
    }

    JobObserver observer() {
      return Observers.of(console, report);
    }

    /** Whether there will be a page to look at. */
    boolean isPage() {
      return isPage;
    }

    /** Puts norms of outputs on the page. */
    void show(OutputNorms outputs) {
      norms = outputs.isEmpty() ? null : outputs;
    }

    private String text() {
      return isPage ? new RunPage(report, norms).html() : report.json();
    }
  }

  /** Opens Spark and does the work of a command. */
  int reporting(String command, Work work) throws Exception {
    SparkSession spark = Sessions.open("hla " + command);
    RunReport report = new RunReport(command, RunReport.where(spark.sparkContext()));
    boolean isPage = file != null && file.toLowerCase(Locale.ROOT).endsWith(".html");
    Reporting reporting = new Reporting(report, Sessions.console(spark), isPage);
    ReportFile target =
        file == null
            ? null
            : ReportFile.open(spark.sparkContext().hadoopConfiguration(), file, reporting.text());
    try {
      int code = work.run(spark, reporting);
      if (report.status() == Status.RUNNING) {
        report.ended(Status.DONE);
      }
      return code;
    } catch (Exception thrown) {
      Failure failure = Failure.of(thrown);
      report.failed(failure.condition(), failure.message());
      throw thrown;
    } finally {
      if (target != null) {
        target.write(reporting.text());
      }
    }
  }
}
