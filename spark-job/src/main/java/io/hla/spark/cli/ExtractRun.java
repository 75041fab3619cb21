package io.hla.spark.cli;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;

import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import io.hla.spark.attend.Phases;
import io.hla.spark.cli.ReportOptions.Reporting;
import io.hla.spark.extract.FeatureExtractor;
import io.hla.spark.extract.VectorType;
import io.hla.spark.output.JobInputs;
import io.hla.spark.output.OutputTable;
import io.hla.spark.output.Publication;
import io.hla.spark.report.RunReport.Status;
import io.hla.spark.table.Columns;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.Console;
import scala.runtime.BoxedUnit;

/**
 * What {@link ExtractCommand} does: opens the input, stages tables, publishes them, tells of it.
 */
final class ExtractRun {
  /** Figures that are whole when the features are written. */
  private static final List<Figure> COUNTED =
      List.of(Figure.READING_SECONDS, Figure.COMPUTING_SECONDS, Figure.LAYER_SECONDS);

  /** Sequences whose perplexities the report has. */
  private static final int MOST_SEQUENCES = 100;

  private final SparkSession spark;
  private final Reporting reporting;
  private final JobObserver observer;
  private final Phases phases;
  private final IdInput input;
  private final ModelOptions model;
  private final ComputeOptions compute;
  private final ModelStateOptions states;
  private final OutputOptions output;

  ExtractRun(
      SparkSession spark,
      Reporting reporting,
      IdInput input,
      ModelOptions model,
      ComputeOptions compute,
      ModelStateOptions states,
      OutputOptions output) {
    this.spark = spark;
    this.reporting = reporting;
    this.observer = reporting.observer();
    this.phases = new Phases(spark.sparkContext(), observer);
    this.input = input;
    this.model = model;
    this.compute = compute;
    this.states = states;
    this.output = output;
  }

  /**
   * Computes and publishes.
   *
   * @param show output rows to print
   * @return the exit code
   */
  int extract(int show) {
    try (Publication publication = new Publication(spark, observer::warning)) {
      OutputTable features = publication.add(output.request());
      OutputTable finals = publication.add(states.finals(output));
      JobInputs inputs =
          new JobInputs(
              input.paths(),
              Stream.of(states.paths(), model.paths()).flatMap(List::stream).toList(),
              Stream.of(states.names(), input.names()).flatMap(List::stream).toList());
      if (!publication.prepare(inputs)) {
        reporting.report().ended(Status.SKIPPED);
        System.out.println("nothing to do: " + publication.reason());
        return 0;
      }
      output.checkWriter(features);
      compute(publication, features, finals);
      reporting.report().ended(Status.DONE);
      reporting.console().summary(reporting.report());
      if (show > 0 && features.isWritten()) {
        show(features.read(), show);
      }
      return 0;
    }
  }

  private void compute(Publication publication, OutputTable features, OutputTable finals) {
    IdInput.Ids ids = phases.run("open", "looking at the input", () -> input.read(spark, model));
    publication.checkFiles(ids.rows().inputFiles());
    FeatureExtractor request =
        states.applyTo(model.request(), spark, finals.isWritten()).columns(ids.columns());
    request = request.compute(compute.applyTo(request.compute(), spark)).observer(observer);
    Map<String, Object> settings = new LinkedHashMap<>(model.describe());
    settings.putAll(compute.describe());
    reporting.report().settings(settings);
    reporting.report().input(input.describe());
    try (FeatureExtractor.Result result = request.run(ids.rows())) {
      Map<Figure, Object> figures =
          result.inputFiles().reading(() -> stage(result, ids, features, finals));
      publication.publish(() -> result.inputFiles().check());
      figures.forEach(observer::figure);
      if (features.isWritten()) {
        observer.figure(Figure.OUTPUT, features.place());
        tellScores(
            features.read(), result.sequenceType() == null ? null : ids.columns().sequence());
      }
      if (finals.isWritten()) {
        observer.figure(Figure.FINAL_STATE, finals.place());
      }
    }
  }

  private Map<Figure, Object> stage(
      FeatureExtractor.Result result, IdInput.Ids ids, OutputTable features, OutputTable finals) {
    if (finals.isWritten()) {
      finals.stage(
          result.finalStates(),
          OutputOptions.stateWriter(finals),
          work -> phases.run("states", "writing states to " + finals.place(), work));
    }
    if (features.isWritten()) {
      Dataset<Row> rows = result.features();
      features.stage(
          rows,
          output.writer(spark, features, rows.schema(), ids.columns().position(), vectors()),
          work ->
              phases.run("features", "computing features and writing " + features.place(), work));
    }
    Map<Figure, Object> figures = new LinkedHashMap<>(result.figures());
    figures.keySet().retainAll(COUNTED);
    return figures;
  }

  /** Columns that the writer of vectors takes. */
  private String[] vectors() {
    boolean written = model.hasVectors() && model.dtype() != VectorType.HALF;
    return written ? new String[] {model.outputColumn()} : new String[0];
  }

  /** Perplexities of what was written: of all tokens, and of the first sequences. */
  private void tellScores(Dataset<Row> written, String sequence) {
    if (!model.isScored() || model.isWindowed()) {
      return;
    }
    Column score = col(FeatureExtractor.SCORE);
    // Of a pooled sequence all tokens but the last are scored.
    Column tokens = model.isPooled() ? col("tokens").minus(1) : lit(1L);
    Dataset<Row> scored = written.where(score.isNotNull());
    Column[] sums = {sum(score.multiply(tokens)), sum(tokens)};
    Row total = scored.agg(sums[0], sums[1]).head();
    if (total.isNullAt(0)) {
      return;
    }
    double mean = total.getDouble(0) / total.getLong(1);
    observer.figure(Figure.SCORED_TOKENS, total.getLong(1));
    observer.figure(Figure.MEAN_LOG_PROBABILITY, mean);
    observer.figure(Figure.PERPLEXITY, Math.exp(-mean));
    if (sequence != null) {
      Column name = Columns.named(sequence);
      observer.figure(
          Figure.SEQUENCE_PERPLEXITIES,
          scored
              .groupBy(name)
              .agg(sums[0], sums[1])
              .orderBy(name)
              .limit(MOST_SEQUENCES)
              .collectAsList()
              .stream()
              .map(row -> row.get(0) + ": " + Math.exp(-row.getDouble(1) / row.getLong(2)))
              .toList());
    }
  }

  /** To today's standard output: Scala's console keeps the one it first met. */
  private static void show(Dataset<Row> written, int rows) {
    System.out.println();
    Console.withOut(
        System.out,
        () -> {
          written.show(rows, 80, true);
          return BoxedUnit.UNIT;
        });
  }
}
