package io.hla.spark.report;

import io.hla.spark.Figure;
import io.hla.spark.page.Readable;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The facts of a report in a line for each subject, for people who see it for the first time. */
final class RunSummary {
  private final RunReport report;
  private final Map<String, String> lines = new LinkedHashMap<>();

  RunSummary(RunReport report) {
    this.report = report;
  }

  /** Lines by their subject; what is not known has none. */
  Map<String, String> lines() {
    lines.clear();
    if (has(Figure.TOKENS)) {
      input();
      plan();
      bytes();
      layers();
      memory();
    }
    output();
    scores();
    if (!report.phases().isEmpty()) {
      lines.put(
          "time",
          report.phaseSeconds().entrySet().stream()
              .map(phase -> phase.getKey() + " " + Readable.seconds(phase.getValue()))
              .collect(Collectors.joining(", ")));
    }
    String speed =
        report.tokensPerSecond() > 0
            ? ", " + Readable.count(report.tokensPerSecond()) + " tokens/s"
            : "";
    lines.put("total", Readable.seconds(report.seconds()) + speed);
    return lines;
  }

  private void input() {
    String sequences = has(Figure.SEQUENCES) ? " in " + counted(Figure.SEQUENCES, "sequence") : "";
    lines.put("tokens", counted(Figure.TOKENS, "token") + sequences);
    if (has(Figure.CONTINUED_SEQUENCES)) {
      lines.put(
          "states",
          String.format(
              Locale.ROOT,
              "%s continued, %s new, %s carried over without tokens",
              count(Figure.CONTINUED_SEQUENCES),
              count(Figure.NEW_SEQUENCES),
              count(Figure.UNTOUCHED_STATES)));
    }
    String why =
        has(Figure.MATERIALIZED_BECAUSE)
            ? ": " + report.get(Figure.MATERIALIZED_BECAUSE)
            : has(Figure.SORTED_BECAUSE) ? ": " + report.get(Figure.SORTED_BECAUSE) : "";
    String pages =
        has(Figure.ROWS_FROM_PAGES)
            ? String.format(
                Locale.ROOT,
                ", %s rows from pages as they lie, %s decoded by Spark",
                count(Figure.ROWS_FROM_PAGES),
                counted(Figure.SPLITS_DECODED, "split"))
            : "";
    String reader = has(Figure.READER) ? ", vectors " + report.get(Figure.READER) : "";
    lines.put("rows", report.get(Figure.INPUT_ORDER) + why + reader + pages);
  }

  private void plan() {
    String partitions = " in " + counted(Figure.PARTITIONS, "partition");
    if (!has(Figure.RUNS)) {
      lines.put(
          "runs",
          String.format(
              Locale.ROOT,
              "at least %s behind the sort; %s%s as the rows are",
              count(Figure.LEAST_RUNS),
              count(Figure.RUNS_IF_STORED),
              partitions));
    } else {
      lines.put("runs", counted(Figure.RUNS, "run") + partitions);
      lines.put(
          "scan",
          String.format(
              Locale.ROOT,
              "on %s, %s of fan-in %s: %s, %s; %s of summaries and %s of states moved",
              "driver".equals(report.get(Figure.SCANNED_ON)) ? "the driver" : "executors",
              counted(Figure.SCAN_LEVELS, "level"),
              count(Figure.FAN_IN),
              counted(Figure.COMBINES, "combine"),
              counted(Figure.ADVANCES, "advance"),
              bytes(Figure.SUMMARY_BYTES_MOVED),
              bytes(Figure.STATE_BYTES_MOVED)));
      if (report.number(Figure.SCAN_STEPS) > 1) {
        lines.put(
            "scan steps", count(Figure.SCAN_STEPS) + ": " + report.get(Figure.SCAN_STEPS_BECAUSE));
      }
    }
    String kernels = String.valueOf(report.get(Figure.KERNELS));
    String why = has(Figure.KERNELS_BECAUSE) ? ", " + report.get(Figure.KERNELS_BECAUSE) : "";
    lines.put("kernels", kernels + why);
  }

  /** What is read and written, where it is known beforehand. */
  private void bytes() {
    if (!has(Figure.VECTOR_BYTES)) {
      return;
    }
    long passes = 1 + (has(Figure.SCAN_STEPS) ? report.number(Figure.SCAN_STEPS) : 1);
    String files = has(Figure.FILE_BYTES) ? " in files of " + bytes(Figure.FILE_BYTES) : "";
    lines.put(
        "bytes",
        String.format(
            Locale.ROOT,
            "%s of vectors%s, read %d times; outputs of %s before any codec",
            bytes(Figure.VECTOR_BYTES),
            files,
            passes,
            bytes(Figure.OUTPUT_BYTES)));
  }

  private void layers() {
    if (has(Figure.BETWEEN_LAYERS)) {
      lines.put(
          "between layers",
          report.get(Figure.BETWEEN_LAYERS) + ": " + report.get(Figure.BETWEEN_LAYERS_BECAUSE));
    }
  }

  private void scores() {
    if (has(Figure.PERPLEXITY)) {
      double mean = (Double) report.get(Figure.MEAN_LOG_PROBABILITY);
      lines.put(
          "scores",
          String.format(
              Locale.ROOT,
              "perplexity %.4f of %s: %.4f bits each",
              (Double) report.get(Figure.PERPLEXITY),
              counted(Figure.SCORED_TOKENS, "token"),
              -mean / Math.log(2)));
    }
  }

  private void memory() {
    if (has(Figure.EXECUTOR_NATIVE_BYTES)) {
      String driver =
          has(Figure.DRIVER_BYTES)
              ? "; " + bytes(Figure.DRIVER_BYTES) + " on the heap of the driver"
              : "";
      lines.put(
          "memory",
          String.format(
              Locale.ROOT,
              "outside the heap at most %s a task, %s an executor%s",
              bytes(Figure.TASK_NATIVE_BYTES),
              bytes(Figure.EXECUTOR_NATIVE_BYTES),
              driver));
    }
  }

  private void output() {
    for (Figure table : new Figure[] {Figure.OUTPUT, Figure.FINAL_STATE, Figure.SAVE_PREFIXES}) {
      if (has(table)) {
        lines.put(table.words(), String.valueOf(report.get(table)));
      }
    }
    if (has(Figure.WRITER)) {
      lines.put("writer", String.valueOf(report.get(Figure.WRITER)));
    }
  }

  private boolean has(Figure figure) {
    return report.get(figure) != null;
  }

  private String count(Figure figure) {
    return Readable.count(report.number(figure));
  }

  private String counted(Figure figure, String what) {
    long number = report.number(figure);
    return Readable.count(number) + " " + what + (number == 1 ? "" : "s");
  }

  private String bytes(Figure figure) {
    return Readable.bytes(report.number(figure));
  }
}
