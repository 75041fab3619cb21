package io.hla.spark.cli;

import io.hla.spark.Attention;
import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import io.hla.spark.attend.Phases;
import io.hla.spark.cli.ReportOptions.Reporting;
import io.hla.spark.output.OutputTable;
import io.hla.spark.report.RunReport;
import io.hla.spark.report.RunReport.Status;
import io.hla.spark.state.StateRange;
import io.hla.spark.state.StateTable;
import io.hla.spark.table.TokenColumns;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
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
      "  submit.sh attend --text book.txt --model model.safetensors --vocab vocab.txt \\",
      "      --num-heads 4 --output out --keep word",
      "  submit.sh attend --input tokens --output out --num-heads 8 --gate-col g --gate-scale log \\",
      "      --program 'u = LA(q, k, k); o = LA(q, u, v, g^2)'",
      "  submit.sh attend --input tokens --output part --num-heads 8 --decay 0.99 \\",
      "      --prefixes prefixes --range s:1000000-1001000"
    })
final class AttendCommand implements Callable<Integer> {
  /** Figures that are whole when the outputs are written. */
  private static final List<Figure> COUNTED =
      List.of(
          Figure.ROWS_FROM_PAGES,
          Figure.SPLITS_DECODED,
          Figure.READING_SECONDS,
          Figure.COMPUTING_SECONDS);

  private static final Map<String, Figure> FIGURES =
      Map.of(
          "output", Figure.OUTPUT,
          "final-state", Figure.FINAL_STATE,
          "save-prefixes", Figure.SAVE_PREFIXES);

  @Mixin private TokenSource input;
  @Mixin private OperatorOptions operator;
  @Mixin private ComputeOptions compute;
  @Mixin private StateOptions states;

  @Option(names = "--output", required = true, paramLabel = "PATH", description = "A new table.")
  private String output;

  @Option(
      names = "--output-format",
      paramLabel = "F",
      description = "Any format of Spark that holds arrays. Default: parquet.")
  private String outputFormat = "parquet";

  @Mixin private WriterOptions writer;

  @Option(
      names = "--mode",
      paramLabel = "errorifexists|overwrite|append|ignore",
      description = "What happens to an output that exists. Default: errorifexists.")
  private SaveMode mode = SaveMode.ErrorIfExists;

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
    states.check();
    return reports.reporting("attend", this::attend);
  }

  private int attend(SparkSession spark, Reporting reporting) {
    JobObserver observer = reporting.observer();
    Staged staged;
    try (OutputTable outputs = new OutputTable(spark, "output", output, outputFormat, mode);
        OutputTable finals = states.finalTable(spark, mode);
        OutputTable prefixes = states.prefixTable(spark, mode)) {
      // The output last: when it is there, all of it is.
      List<OutputTable> tables = List.of(finals, prefixes, outputs);
      if (!OutputTable.prepare(tables, input.paths())) {
        reporting.report().ended(Status.SKIPPED);
        System.out.println("nothing to do: the output exists and the mode is ignore");
        return 0;
      }
      staged = stage(spark, reporting, outputs, finals, prefixes);
      if (dryRun) {
        reporting.console().summary(reporting.report());
        System.out.println("dry run: nothing was computed or written");
        return 0;
      }
      tables.forEach(OutputTable::publish);
      tables.stream()
          .filter(OutputTable::isWanted)
          .forEach(table -> observer.figure(FIGURES.get(table.option()), table.path()));
    }
    reporting.report().ended(Status.DONE);
    reporting.console().summary(reporting.report());
    if (staged.tokens() == 0) {
      System.out.println("the input holds no token: the output is an empty table");
    } else if (show > 0) {
      staged.first().print(staged.first().outputs().read(spark, outputFormat, output), show);
    }
    if (staged.sample() != null) {
      reporting.show(
          staged.sample().norms(staged.sample().outputs().read(spark, outputFormat, output)));
    }
    return 0;
  }

  /** What is left to say when the tables are written: all of them may have replaced an input. */
  private record Staged(long tokens, FirstRows first, NormSample sample) {}

  private Staged stage(
      SparkSession spark,
      Reporting reporting,
      OutputTable outputs,
      OutputTable finals,
      OutputTable prefixes) {
    JobObserver observer = reporting.observer();
    Phases phases = new Phases(spark.sparkContext(), observer);
    Dataset<Row> initial = states.initial(spark);
    DataType stateSequences = initial == null ? null : StateTable.sequenceType(initial);
    Dataset<Row> tokens =
        phases.run(
            "open", "looking at the input", () -> input.read(spark, operator, stateSequences));
    DataType sequenceType = input.sequenceType(tokens);
    TokenColumns columns = input.columns();
    Optional<StateRange> range = states.range(spark, sequenceType);
    Attention request =
        states.applyTo(
            compute
                .applyTo(operator.request(), spark)
                .columns(columns)
                .outputColumn(outputColumn)
                .observer(observer),
            initial,
            sequenceType);
    states.checkTargets(outputs, finals, prefixes);
    describe(spark, reporting.report(), request);
    if (dryRun) {
      range
          .map(wanted -> wanted.on(request))
          .orElse(request)
          .estimate(range.map(wanted -> wanted.narrow(tokens, columns)).orElse(tokens));
      tellWriter(spark, observer, request.attend(tokens).schema());
      return null;
    }
    Attention.Result result =
        range.isEmpty()
            ? request.run(tokens)
            : range.get().on(request).run(range.get().narrow(tokens, columns));
    range.ifPresent(wanted -> wanted.check(result));
    Dataset<Row> rows =
        range.map(wanted -> wanted.cut(result.outputs(), columns)).orElse(result.outputs());
    tellWriter(spark, observer, rows.schema());
    return result
        .inputFiles()
        .reading(
            () -> {
              FirstRows first =
                  show > 0 && result.tokens() > 0
                      ? FirstRows.of(spark, request, result, range)
                      : null;
              stageStates(phases, finals, result.finalStates());
              stageStates(phases, prefixes, result.prefixes());
              // The outputs come last, as appending to a table shows them at once.
              Map<String, String> options =
                  writer.of(spark, outputFormat, rows.schema(), columns.position(), outputColumn);
              phases.run(
                  "attend",
                  "computing outputs and writing " + outputs.path(),
                  () -> outputs.stage(rows, options));
              Map<Figure, Object> figures = result.figures();
              COUNTED.stream()
                  .filter(figures::containsKey)
                  .forEach(name -> observer.figure(name, figures.get(name)));
              NormSample sample =
                  reporting.isPage() && range.isEmpty() && result.tokens() > 0
                      ? NormSample.of(request, result)
                      : null;
              return new Staged(result.tokens(), first, sample);
            });
  }

  /** Tells the report what was asked for. */
  private void describe(SparkSession spark, RunReport report, Attention request) {
    Map<String, Object> settings = new LinkedHashMap<>(request.settings(1, 1).describe());
    settings.keySet().removeAll(List.of("head-dim", "value-dim"));
    settings.put("output-type", request.outputType().name().toLowerCase(Locale.ROOT));
    settings.putAll(compute.describe());
    report.settings(settings);
    report.input(input.describe());
  }

  private static void stageStates(Phases phases, OutputTable table, Dataset<Row> rows) {
    if (table.isWanted()) {
      phases.run("states", "writing states to " + table.path(), () -> table.stage(rows, Map.of()));
    }
  }

  /** Says so where the faster writer of vectors cannot do what is asked for. */
  private void tellWriter(SparkSession spark, JobObserver observer, StructType schema) {
    String reason = writer.sparks(spark, outputFormat, schema, outputColumn);
    if (reason != null) {
      observer.figure(Figure.WRITER, "Spark's: " + reason);
      observer.warning("outputs are written by Spark's own Parquet writer: " + reason);
    }
  }
}
