package io.hla.spark.cli;

import io.hla.spark.Attention;
import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import io.hla.spark.attend.Phases;
import io.hla.spark.cli.ReportOptions.Reporting;
import io.hla.spark.output.JobInputs;
import io.hla.spark.output.OutputTable;
import io.hla.spark.output.Publication;
import io.hla.spark.report.RunReport.Status;
import io.hla.spark.state.StateRange;
import io.hla.spark.state.StateTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/** What {@link AttendCommand} does: opens the input, stages tables, publishes them, tells of it. */
final class AttendRun {
  /** Figures that are whole when the outputs are written. */
  private static final List<Figure> COUNTED =
      List.of(
          Figure.ROWS_FROM_PAGES,
          Figure.SPLITS_DECODED,
          Figure.READING_SECONDS,
          Figure.COMPUTING_SECONDS);

  private final SparkSession spark;
  private final Reporting reporting;
  private final JobObserver observer;
  private final Phases phases;
  private final TokenSource input;
  private final OperatorOptions operator;
  private final ComputeOptions compute;
  private final StateOptions states;
  private final OutputOptions output;
  private final String outputColumn;

  AttendRun(
      SparkSession spark,
      Reporting reporting,
      TokenSource input,
      OperatorOptions operator,
      ComputeOptions compute,
      StateOptions states,
      OutputOptions output,
      String outputColumn) {
    this.spark = spark;
    this.reporting = reporting;
    this.observer = reporting.observer();
    this.phases = new Phases(spark.sparkContext(), observer);
    this.input = input;
    this.operator = operator;
    this.compute = compute;
    this.states = states;
    this.output = output;
    this.outputColumn = outputColumn;
  }

  /**
   * Computes and publishes.
   *
   * @param show output rows to print
   * @return the exit code
   */
  int attend(int show) {
    try (Publication publication = new Publication(spark, observer::warning)) {
      Tables tables = tables(publication);
      if (!publication.prepare(inputs())) {
        skip(publication);
        return 0;
      }
      output.checkWriter(tables.outputs());
      Opened opened = open(publication, tables);
      Staged staged = stage(opened, tables, show);
      publication.publish(staged.check());
      staged.figures().forEach(observer::figure);
      tables
          .places()
          .forEach(
              (figure, table) -> {
                if (table.isWritten()) {
                  observer.figure(figure, table.place());
                }
              });
      reporting.report().ended(Status.DONE);
      reporting.console().summary(reporting.report());
      show(staged, tables.outputs(), show);
      return 0;
    }
  }

  /** Says what {@link #attend} would find and cost. */
  int foretell() {
    try (Publication publication = new Publication(spark, observer::warning)) {
      Tables tables = tables(publication);
      if (!publication.prepare(inputs())) {
        skip(publication);
        return 0;
      }
      output.checkWriter(tables.outputs());
      Opened opened = open(publication, tables);
      opened.request().estimate(opened.tokens());
      tellWriter(tables.outputs(), opened.request().attend(opened.tokens()).schema());
      if (reporting.report().get(Figure.WRITER) == null
          && "parquet".equalsIgnoreCase(tables.outputs().format())) {
        observer.figure(Figure.WRITER, "pages of vectors, each copied in one piece");
      }
      reporting.console().summary(reporting.report());
      System.out.println("dry run: nothing was computed or written");
      return 0;
    }
  }

  private void skip(Publication publication) {
    reporting.report().ended(Status.SKIPPED);
    System.out.println("nothing to do: " + publication.reason());
  }

  private JobInputs inputs() {
    return new JobInputs(
        input.paths(),
        Stream.of(states.paths(), input.modelPaths()).flatMap(List::stream).toList(),
        Stream.of(states.names(), input.names()).flatMap(List::stream).toList());
  }

  private Tables tables(Publication publication) {
    // In the order of their commits: final states may take the place of the initial ones.
    return new Tables(
        publication.add(output.request()),
        publication.add(states.prefixes(output)),
        publication.add(states.finals(output)));
  }

  private record Tables(OutputTable outputs, OutputTable prefixes, OutputTable finals) {
    Map<Figure, OutputTable> places() {
      return Map.of(
          Figure.OUTPUT, outputs, Figure.SAVE_PREFIXES, prefixes, Figure.FINAL_STATE, finals);
    }
  }

  // --- Input ---

  /**
   * An input and what is to be computed from it.
   *
   * @param table all of the input
   * @param request of the tokens that are needed
   * @param range the outputs that are wanted, if they are not all
   */
  private record Opened(TokenTable table, Attention request, Optional<StateRange> range) {
    Dataset<Row> tokens() {
      return range.isEmpty() ? table.rows() : range.get().narrow(table.rows(), table.columns());
    }

    Dataset<Row> wanted(Dataset<Row> outputs) {
      return range.isEmpty() ? outputs : range.get().cut(outputs, table.columns());
    }
  }

  private Opened open(Publication publication, Tables tables) {
    Dataset<Row> initial = states.initial(spark);
    DataType stateSequences = initial == null ? null : StateTable.sequenceType(initial);
    TokenTable table =
        phases.run(
            "open", "looking at the input", () -> input.read(spark, operator, stateSequences));
    publication.checkFiles(table.rows().inputFiles());
    Optional<StateRange> range = states.range(spark, table.sequenceType());
    Attention request =
        states.applyTo(
            compute
                .applyTo(operator.request(), spark)
                .columns(table.columns())
                .outputColumn(outputColumn)
                .observer(observer),
            initial,
            table.sequenceType(),
            tables.finals().isWritten(),
            tables.prefixes().isWritten());
    describe(request);
    return new Opened(table, range.isEmpty() ? request : range.get().on(request), range);
  }

  /** Tells the report what was asked for. */
  private void describe(Attention request) {
    Map<String, Object> settings = new LinkedHashMap<>(request.settings(1, 1).describe());
    settings.keySet().removeAll(List.of("head-dim", "value-dim"));
    settings.put("output-type", request.outputType().name().toLowerCase(Locale.ROOT));
    settings.putAll(compute.describe());
    reporting.report().settings(settings);
    reporting.report().input(input.describe());
  }

  // --- Tables ---

  /**
   * What is left to say when the tables are written: all of them may have replaced an input.
   *
   * @param check refuses an input that is not what it was
   * @param first rows to print, or null
   * @param norms outputs to draw, or null
   */
  private record Staged(
      Attention.Result result, Runnable check, FirstRows first, NormSample norms) {
    Map<Figure, Object> figures() {
      Map<Figure, Object> figures = new LinkedHashMap<>(result.figures());
      figures.keySet().retainAll(COUNTED);
      return figures;
    }
  }

  private Staged stage(Opened opened, Tables tables, int show) {
    Attention request = opened.request();
    Attention.Result result = request.run(opened.tokens());
    opened.range().ifPresent(wanted -> wanted.check(result));
    Dataset<Row> rows = opened.wanted(result.outputs());
    tellWriter(tables.outputs(), rows.schema());
    return result
        .inputFiles()
        .reading(
            () -> {
              boolean visible = result.tokens() > 0 && tables.outputs().isWritten();
              FirstRows first =
                  show > 0 && visible ? FirstRows.of(spark, request, result, opened.range()) : null;
              NormSample norms =
                  reporting.isPage() && visible && opened.range().isEmpty()
                      ? NormSample.of(request, result)
                      : null;
              stageStates(tables.finals(), result.finalStates());
              stageStates(tables.prefixes(), result.prefixes());
              stageOutputs(tables.outputs(), rows, opened.table().columns().position());
              return new Staged(result, () -> result.inputFiles().check(), first, norms);
            });
  }

  private void stageStates(OutputTable table, Dataset<Row> rows) {
    if (table.isWritten()) {
      table.stage(
          rows,
          OutputOptions.stateWriter(table),
          work -> phases.run("states", "writing states to " + table.place(), work));
    }
  }

  private void stageOutputs(OutputTable table, Dataset<Row> rows, String position) {
    if (table.isWritten()) {
      table.stage(
          rows,
          output.writer(spark, table, rows.schema(), position, outputColumn),
          work -> phases.run("attend", "computing outputs and writing " + table.place(), work));
    }
  }

  /** Says so where the faster writer of vectors cannot do what is asked for. */
  private void tellWriter(OutputTable table, StructType schema) {
    String reason = output.sparksWriter(spark, table, schema, outputColumn);
    if (reason != null) {
      observer.figure(Figure.WRITER, "Spark's: " + reason);
      observer.warning("outputs are written by Spark's own Parquet writer: " + reason);
    }
  }

  private void show(Staged staged, OutputTable outputs, int rows) {
    if (staged.result().tokens() == 0) {
      System.out.println("the input holds no token: the output is an empty table");
    }
    if (staged.first() != null) {
      staged.first().print(outputs.read(), rows);
    }
    if (staged.norms() != null) {
      reporting.show(staged.norms().norms(outputs.read()));
    }
  }
}
