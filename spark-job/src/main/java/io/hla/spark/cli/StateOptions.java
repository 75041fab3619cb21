package io.hla.spark.cli;

import static org.apache.spark.sql.functions.col;

import io.hla.kernels.AttentionSettings;
import io.hla.spark.InputException;
import io.hla.spark.attend.SequenceState;
import io.hla.spark.input.HeadSizes;
import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import io.hla.spark.input.TokenColumns;
import io.hla.spark.input.TokenTable;
import io.hla.spark.output.OutputTable;
import io.hla.spark.report.Report;
import io.hla.spark.scan.RunTable;
import io.hla.spark.state.StateTable;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** States that a job starts from and leaves behind. */
final class StateOptions {
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

  @Option(
      names = "--save-prefixes",
      paramLabel = "PATH",
      description = "Writes the state in front of every run, for --range.")
  private String savePrefixes;

  @Option(
      names = "--prefix-every",
      paramLabel = "N",
      description = "Runs also end in front of every multiple of N, so that a state stands there.")
  private long prefixEvery;

  @Option(
      names = "--range",
      paramLabel = "SEQ:FIRST-LAST",
      converter = TokenRange.Converter.class,
      description =
          "Only the outputs from FIRST to LAST, reading no more than from the nearest"
              + " state on. FIRST-LAST for a table with one sequence.")
  private TokenRange range;

  @Option(
      names = "--prefixes",
      paramLabel = "PATH",
      description = "The states that --save-prefixes wrote, for --range.")
  private String prefixes;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Refuses options that do not go together. */
  void check() {
    if ((range == null) != (prefixes == null)) {
      throw usage("--range and --prefixes belong together, expected both");
    }
    if (range != null && (initialState != null || finalState != null || savePrefixes != null)) {
      throw usage("--range starts and ends within a sequence: it neither reads nor writes states");
    }
    if (prefixEvery < 0 || (prefixEvery > 0 && savePrefixes == null)) {
      throw usage("--prefix-every goes with --save-prefixes, expected a positive number");
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  OutputTable finalTable(SparkSession spark, SaveMode mode) {
    return new OutputTable(spark, "final-state", finalState, "parquet", stateMode(mode));
  }

  OutputTable prefixTable(SparkSession spark, SaveMode mode) {
    return new OutputTable(spark, "save-prefixes", savePrefixes, "parquet", stateMode(mode));
  }

  // Appending would give a sequence two states.
  private static SaveMode stateMode(SaveMode mode) {
    return mode == SaveMode.Append ? SaveMode.ErrorIfExists : mode;
  }

  /** The type of the sequences that have initial states; null for none. */
  DataType sequenceType(SparkSession spark) {
    return initialState == null ? null : StateTable.sequenceType(spark, initialState);
  }

  /** The settings of the job; a table without tokens takes its head sizes from the states. */
  AttentionSettings settings(SparkSession spark, OperatorOptions operator, TokenTable table) {
    HeadSizes sizes = table.layout().sizes();
    Optional<AttentionSettings> known =
        table.isEmpty() && initialState != null
            ? StateTable.settings(spark, initialState)
            : Optional.empty();
    return known
        .map(settings -> operator.settings(settings.headDim(), settings.valueDim()))
        .orElseGet(() -> operator.settings(sizes.headDim(), sizes.valueDim()));
  }

  /** The states that sequences start from. */
  Map<SequenceKey, SequenceState> initial(
      SparkSession spark, DataType sequenceType, AttentionSettings settings) {
    if (initialState != null) {
      return StateTable.read(spark, initialState, sequenceType, settings);
    }
    if (range == null) {
      return Map.of();
    }
    SequenceKey key = range.key(spark, sequenceType);
    return Map.of(
        key, StateTable.nearest(spark, prefixes, sequenceType, key, range.first(), settings));
  }

  /** Refuses targets within the states that the job reads; these may give way to later ones. */
  void checkTargets(OutputTable outputs, OutputTable finals, OutputTable prefixTable) {
    for (String read : Stream.of(initialState, prefixes).filter(Objects::nonNull).toList()) {
      outputs.checkOutside(read);
      prefixTable.checkOutside(read);
      if (!finals.isAt(read)) {
        finals.checkOutside(read);
      }
    }
  }

  /** The tokens that the job has to read. */
  Dataset<Row> narrow(
      SparkSession spark,
      Dataset<Row> tokens,
      TokenColumns columns,
      DataType sequenceType,
      Map<SequenceKey, SequenceState> initial) {
    if (range == null) {
      return tokens;
    }
    long from = initial.get(range.key(spark, sequenceType)).nextPosition();
    return range.of(tokens, columns, sequenceType, from);
  }

  TokenTable cut(TokenTable table) {
    return prefixEvery > 0 ? table.cutEvery(prefixEvery) : table;
  }

  /** Refuses a range that the tokens do not reach to the end of. */
  void checkRange(RunTable runs) {
    if (range == null) {
      return;
    }
    List<Run> found = runs.bySequence().values().stream().findFirst().orElse(List.of());
    if (found.isEmpty() || found.get(found.size() - 1).end() != range.last() + 1) {
      throw new InputException(
          "HLA_RANGE_MISSING",
          String.format(
              "the range ends at position %d, the tokens at %s",
              range.last(),
              found.isEmpty() ? "none" : Long.toString(found.get(found.size() - 1).end() - 1)));
    }
  }

  /** The run that the first wanted output is of, cut to what is wanted. */
  Run firstRun(RunTable runs) {
    Run first = runs.bySequence().values().iterator().next().get(0);
    return range == null
        ? first
        : new Run(
            first.partition(), first.sequence(), range.first(), range.last() - range.first() + 1);
  }

  Dataset<Row> inRange(Dataset<Row> outputs, TokenColumns columns) {
    return range == null
        ? outputs
        : outputs.where(col("`" + columns.position() + "`").geq(range.first()));
  }

  void stage(
      SparkSession spark,
      Report report,
      OutputTable table,
      DataType sequenceType,
      AttentionSettings settings,
      JavaRDD<SequenceState> states) {
    if (table.isWanted()) {
      report.phase(
          "states",
          "writing states to " + table.path(),
          () -> table.stage(StateTable.of(spark, sequenceType, settings, states), Map.of()));
    }
  }
}
