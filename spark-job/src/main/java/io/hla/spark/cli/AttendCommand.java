package io.hla.spark.cli;

import io.hla.kernels.AttentionSettings;
import io.hla.spark.attend.Attend;
import io.hla.spark.attend.SequenceState;
import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import io.hla.spark.input.TokenTable;
import io.hla.spark.output.OutputTable;
import io.hla.spark.report.Report;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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
      "  submit.sh attend --input tokens --output part --num-heads 8 --decay 0.99 \\",
      "      --prefixes prefixes --range s:1000000-1001000"
    })
final class AttendCommand implements Callable<Integer> {
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
      names = "--report",
      paramLabel = "FILE.json",
      description = "Writes the report for machines.")
  private Path reportFile;

  @Override
  public Integer call() throws IOException {
    input.check();
    operator.check();
    compute.check();
    states.check();
    SparkSession spark = Sessions.open("hla attend");
    Report report = new Report(spark.sparkContext(), System.err);
    Attend.Result result;
    try (OutputTable outputs = new OutputTable(spark, "output", output, outputFormat, mode);
        OutputTable finals = states.finalTable(spark, mode);
        OutputTable prefixes = states.prefixTable(spark, mode)) {
      // The output last: when it is there, all of it is.
      List<OutputTable> tables = List.of(finals, prefixes, outputs);
      if (!OutputTable.prepare(tables, input.paths())) {
        System.out.println("nothing to do: the output exists and the mode is ignore");
        return 0;
      }
      result = stage(spark, report, outputs, finals, prefixes);
      tables.forEach(OutputTable::publish);
      tables.forEach(table -> report.table(table.option(), table.path()));
    }
    report.print();
    if (result.runs().tokens() == 0) {
      System.out.println("the input holds no token: the output is an empty table");
    } else if (show > 0) {
      Dataset<Row> written = spark.read().format(outputFormat).load(output);
      Run first = states.firstRun(result.runs());
      StructType schema = result.outputs().schema();
      FirstRows.print(written, schema, input.columns(), outputColumn, first, show);
    }
    if (reportFile != null) {
      report.writeJson(reportFile);
    }
    return 0;
  }

  private Attend.Result stage(
      SparkSession spark,
      Report report,
      OutputTable outputs,
      OutputTable finals,
      OutputTable prefixes) {
    DataType stateSequences = states.sequenceType(spark);
    Dataset<Row> tokens =
        report.phase(
            "open", "looking at the input", () -> input.read(spark, operator, stateSequences));
    TokenTable whole = input.open(tokens, operator);
    AttentionSettings settings = states.settings(spark, operator, whole);
    DataType sequenceType = whole.layout().sequenceType();
    input.columns().checkOutput(sequenceType != null, outputColumn);
    Map<SequenceKey, SequenceState> initial = states.initial(spark, sequenceType, settings);
    TokenTable table =
        input.open(states.narrow(spark, tokens, input.columns(), sequenceType, initial), operator);
    states.checkTargets(outputs, finals, prefixes);
    Attend attend = new Attend(spark, settings, compute.options(spark), report);
    return table
        .files()
        .reading(
            () -> {
              Attend.Result result =
                  attend.run(
                      states.cut(table), input.columns(), outputColumn, initial, finals.isWanted());
              states.checkRange(result.runs());
              Dataset<Row> rows = states.inRange(result.outputs(), input.columns());
              states.stage(spark, report, finals, sequenceType, settings, result.states());
              states.stage(spark, report, prefixes, sequenceType, settings, result.prefixes());
              // The outputs come last, as appending to a table shows them at once.
              report.phase(
                  "attend",
                  "computing outputs and writing " + outputs.path(),
                  () -> outputs.stage(rows, writerOptions(outputFormat, outputColumn)));
              return result;
            });
  }

  // Floats of different tokens repeat too seldom for a dictionary; it only costs time.
  static Map<String, String> writerOptions(String format, String column) {
    return format.equalsIgnoreCase("parquet")
        ? Map.of("parquet.enable.dictionary#" + column + ".list.element", "false")
        : Map.of();
  }
}
