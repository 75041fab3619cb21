package io.hla.spark.cli;

import io.hla.spark.Attention;
import io.hla.spark.output.OutputTable;
import io.hla.spark.state.StateRange;
import io.hla.spark.state.StateTable;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
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
      names = "--require-state",
      description = "Refuses sequences without an initial state, which start from nothing else.")
  private boolean requireState;

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
    if (requireState && initialState == null) {
      throw usage("--require-state goes with --initial-state");
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

  /** The states that sequences go on from, as they are stored; null for none. */
  Dataset<Row> initial(SparkSession spark) {
    return initialState == null ? null : StateTable.load(spark, initialState);
  }

  /** The stretch that alone is wanted, if not all is. */
  Optional<StateRange> range(SparkSession spark, DataType sequenceType) {
    return Optional.ofNullable(range)
        .map(
            wanted ->
                StateRange.open(
                    spark,
                    prefixes,
                    sequenceType,
                    wanted.key(spark, sequenceType),
                    wanted.first(),
                    wanted.last()));
  }

  /** The request that goes on from states and gives those that are to be written. */
  Attention applyTo(Attention request, Dataset<Row> initial, DataType sequenceType) {
    Attention changed = prefixEvery > 0 ? request.cutEvery(prefixEvery) : request;
    if (initial != null) {
      changed =
          changed
              .initialStates(StateTable.of(initial, initialState, sequenceType))
              .requireStates(requireState);
    }
    if (finalState != null) {
      changed = changed.withFinalStates();
    }
    return savePrefixes == null ? changed : changed.withPrefixes();
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
}
