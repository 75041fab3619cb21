package io.hla.spark.cli;

import io.hla.spark.Attention;
import io.hla.spark.JobObserver;
import io.hla.spark.attend.Phases;
import io.hla.spark.output.JobInputs;
import io.hla.spark.output.OutputTable;
import io.hla.spark.output.Publication;
import io.hla.spark.report.ConsoleReport;
import io.hla.spark.report.Observers;
import io.hla.spark.report.RunReport;
import io.hla.spark.state.StateRange;
import io.hla.spark.state.StateTable;
import io.hla.spark.table.TokenColumns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
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
  /** Figures that are whole when the outputs are written. */
  private static final List<String> COUNTED =
      List.of("rowsFromPages", "splitsDecoded", "readingSeconds", "computingSeconds");

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
      names = "--report",
      paramLabel = "FILE.json",
      description = "Writes the report for machines.")
  private Path reportFile;

  @Override
  public Integer call() throws IOException {
    input.check();
    operator.check();
    compute.check();
    output.check();
    states.check();
    SparkSession spark = Sessions.open("hla attend");
    ConsoleReport console = Sessions.console(spark);
    RunReport report = new RunReport();
    JobObserver observer = Observers.of(console, report);
    try (Publication publication = new Publication(spark, observer::warning)) {
      Tables tables =
          new Tables(
              publication.add(output.request()),
              publication.add(states.prefixes(output)),
              publication.add(states.finals(output)));
      if (!publication.prepare(inputs())) {
        System.out.println("nothing to do: " + publication.reason());
        return 0;
      }
      Staged staged = stage(spark, observer, publication, tables);
      publication.publish(staged.check());
      staged.figures().forEach(observer::figure);
      tables.all().stream()
          .filter(OutputTable::isWritten)
          .forEach(table -> observer.figure(table.option(), table.place()));
      console.summary(report.toMap());
      if (staged.tokens() == 0) {
        System.out.println("the input holds no token: the output is an empty table");
      } else if (staged.first() != null) {
        staged.first().print(tables.outputs().read(), show);
      }
    }
    if (reportFile != null) {
      report.writeJson(reportFile);
    }
    return 0;
  }

  private JobInputs inputs() {
    return new JobInputs(
        input.paths(),
        Stream.of(states.paths(), input.modelPaths()).flatMap(List::stream).toList(),
        Stream.of(states.names(), input.names()).flatMap(List::stream).toList());
  }

  /** In the order of their commits: final states may take the place of the initial ones. */
  private record Tables(OutputTable outputs, OutputTable prefixes, OutputTable finals) {
    List<OutputTable> all() {
      return List.of(finals, prefixes, outputs);
    }
  }

  /**
   * What is left to say when the tables are written: all of them may have replaced an input.
   *
   * @param check refuses an input that is not what it was
   */
  private record Staged(Attention.Result result, Runnable check, FirstRows first) {
    long tokens() {
      return result.tokens();
    }

    Map<String, Object> figures() {
      Map<String, Object> figures = new LinkedHashMap<>(result.figures());
      figures.keySet().retainAll(COUNTED);
      return figures;
    }
  }

  private Staged stage(
      SparkSession spark, JobObserver observer, Publication publication, Tables tables) {
    Phases phases = new Phases(spark.sparkContext(), observer);
    Dataset<Row> initial = states.initial(spark);
    DataType stateSequences = initial == null ? null : StateTable.sequenceType(initial);
    TokenTable table =
        phases.run(
            "open", "looking at the input", () -> input.read(spark, operator, stateSequences));
    Dataset<Row> tokens = table.rows();
    publication.checkFiles(tokens.inputFiles());
    TokenColumns columns = table.columns();
    Optional<StateRange> range = states.range(spark, table.sequenceType());
    Attention request =
        states.applyTo(
            compute
                .applyTo(operator.request(), spark)
                .columns(columns)
                .outputColumn(outputColumn)
                .observer(observer),
            initial,
            table.sequenceType(),
            tables.finals().isWritten(),
            tables.prefixes().isWritten());
    Attention.Result result =
        range.isEmpty()
            ? request.run(tokens)
            : range.get().on(request).run(range.get().narrow(tokens, columns));
    range.ifPresent(wanted -> wanted.check(result));
    Dataset<Row> rows =
        range.map(wanted -> wanted.cut(result.outputs(), columns)).orElse(result.outputs());
    tellWriter(spark, observer, tables.outputs(), rows.schema());
    return result
        .inputFiles()
        .reading(
            () -> {
              FirstRows first =
                  show > 0 && result.tokens() > 0 && tables.outputs().isWritten()
                      ? FirstRows.of(spark, request, result, range)
                      : null;
              stageStates(phases, tables.finals(), result.finalStates());
              stageStates(phases, tables.prefixes(), result.prefixes());
              OutputTable outputs = tables.outputs();
              if (outputs.isWritten()) {
                outputs.stage(
                    rows,
                    output.writer(spark, outputs, rows.schema(), columns.position(), outputColumn),
                    work ->
                        phases.run(
                            "attend", "computing outputs and writing " + outputs.place(), work));
              }
              return new Staged(result, () -> result.inputFiles().check(), first);
            });
  }

  private static void stageStates(Phases phases, OutputTable table, Dataset<Row> rows) {
    if (table.isWritten()) {
      table.stage(
          rows, Map.of(), work -> phases.run("states", "writing states to " + table.place(), work));
    }
  }

  /** Says so where the faster writer of vectors cannot do what is asked for. */
  private void tellWriter(
      SparkSession spark, JobObserver observer, OutputTable table, StructType schema) {
    String reason = output.sparksWriter(spark, table, schema, outputColumn);
    if (reason != null) {
      observer.figure("writer", "Spark's: " + reason);
      observer.warning("outputs are written by Spark's own Parquet writer: " + reason);
    }
  }
}
