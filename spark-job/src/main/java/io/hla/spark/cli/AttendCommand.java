package io.hla.spark.cli;

import io.hla.kernels.AttentionSettings;
import io.hla.spark.attend.Attend;
import io.hla.spark.attend.SequenceState;
import io.hla.spark.input.HeadSizes;
import io.hla.spark.input.SequenceKey;
import io.hla.spark.input.TokenTable;
import io.hla.spark.output.OutputTable;
import io.hla.spark.report.Report;
import io.hla.spark.scan.RunTable;
import io.hla.spark.state.StateTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
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
      "      --num-heads 4 --output out --keep word"
    })
final class AttendCommand implements Callable<Integer> {
  @Mixin private TokenSource input;
  @Mixin private OperatorOptions operator;
  @Mixin private ComputeOptions compute;

  @Option(names = "--output", required = true, paramLabel = "PATH", description = "A new table.")
  private String output;

  @Option(
      names = "--output-format",
      paramLabel = "F",
      description = "Any format of Spark that holds arrays. Default: parquet.")
  private String outputFormat = "parquet";

  @Option(
      names = "--mode",
      paramLabel = "errorifexists|overwrite|append|ignore",
      description = "What happens to an output that exists. Default: errorifexists.")
  private SaveMode mode = SaveMode.ErrorIfExists;

  @Option(names = "--output-col", paramLabel = "COL", description = "Default: o.")
  private String outputColumn = "o";

  @Option(
      names = "--initial-state",
      paramLabel = "PATH",
      description = "States that sequences go on from, as --final-state wrote them.")
  private String initialState;

  @Option(
      names = "--final-state",
      paramLabel = "PATH",
      description = "Writes the state behind every sequence, for a later job.")
  private String finalState;

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
    return attend(Sessions.open("hla attend"));
  }

  private int attend(SparkSession spark) throws IOException {
    Report report = new Report(spark.sparkContext(), System.err);
    RunTable runs;
    try (OutputTable outputs = target(spark, "output", output, outputFormat, mode);
        OutputTable states = target(spark, "final-state", finalState, "parquet", stateMode())) {
      if (!outputs.prepare(input.paths()) || !states.prepare(input.paths())) {
        System.out.println("nothing to do: the output exists and the mode is ignore");
        return 0;
      }
      outputs.checkApart(states);
      runs = compute(spark, report, outputs, states);
    }
    report.print();
    if (show > 0 && runs.tokens() > 0) {
      Dataset<Row> written = spark.read().format(outputFormat).load(output);
      FirstRows.print(written, input.columns(), outputColumn, runs, show);
    }
    if (reportFile != null) {
      report.writeJson(reportFile);
    }
    return 0;
  }

  private RunTable compute(
      SparkSession spark, Report report, OutputTable outputs, OutputTable states) {
    TokenTable table =
        report.phase("open", "looking at the input", () -> input.open(spark, operator));
    HeadSizes sizes = table.layout().sizes();
    AttentionSettings settings = operator.settings(sizes.headDim(), sizes.valueDim());
    DataType sequenceType = table.layout().sequenceType();
    Map<SequenceKey, SequenceState> initial =
        initialState == null
            ? Map.of()
            : StateTable.read(spark, initialState, sequenceType, settings);
    Attend.Result result =
        new Attend(spark, settings, compute.options(spark), report)
            .run(table, input.columns(), outputColumn, initial, finalState != null);
    report.phase(
        "attend",
        "computing outputs and writing " + outputs,
        () -> outputs.stage(result.outputs(), writerOptions()));
    if (finalState != null) {
      report.phase(
          "state",
          "writing the states behind all sequences to " + states,
          () -> states.stage(StateTable.of(spark, sequenceType, result.states()), Map.of()));
      states.publish();
      report.figure("finalState", states.toString());
    }
    outputs.publish();
    report.figure("output", outputs.toString());
    if (result.runs().tokens() == 0) {
      System.out.println("the input holds no token: the output is an empty table");
    }
    return result.runs();
  }

  private static OutputTable target(
      SparkSession spark, String option, String path, String format, SaveMode mode) {
    return new OutputTable(spark.sparkContext().hadoopConfiguration(), option, path, format, mode);
  }

  // Appending would give a sequence two states.
  private SaveMode stateMode() {
    return mode == SaveMode.Append ? SaveMode.ErrorIfExists : mode;
  }

  // Floats of different tokens repeat too seldom for a dictionary; it only costs time.
  private Map<String, String> writerOptions() {
    return outputFormat.equalsIgnoreCase("parquet")
        ? Map.of("parquet.enable.dictionary#" + outputColumn + ".list.element", "false")
        : Map.of();
  }
}
