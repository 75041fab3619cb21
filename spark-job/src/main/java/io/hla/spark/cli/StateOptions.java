package io.hla.spark.cli;

import io.hla.spark.Attention;
import io.hla.spark.output.TableRequest;
import io.hla.spark.state.StateRange;
import io.hla.spark.state.StateTable;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
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
      names = "--initial-state-table",
      paramLabel = "NAME",
      description = "The same as a table of a catalog.")
  private String initialStateTable;

  @Option(
      names = "--final-state",
      paramLabel = "PATH",
      description = {
        "Writes the state behind every sequence, for a later job. It may take the place of",
        "--initial-state, with --mode overwrite or append."
      })
  private String finalState;

  @Option(
      names = "--final-state-table",
      paramLabel = "NAME",
      description = "The same as a table of a catalog.")
  private String finalStateTable;

  @Option(
      names = "--save-prefixes",
      paramLabel = "PATH",
      description = "Writes the state in front of every run, for --range.")
  private String savePrefixes;

  @Option(
      names = "--save-prefixes-table",
      paramLabel = "NAME",
      description = "The same as a table of a catalog.")
  private String savePrefixesTable;

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

  @Option(
      names = "--prefixes-table",
      paramLabel = "NAME",
      description = "The same as a table of a catalog.")
  private String prefixesTable;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Refuses options that do not go together. */
  void check() {
    checkOne("initial-state", initialState, initialStateTable);
    checkOne("final-state", finalState, finalStateTable);
    checkOne("save-prefixes", savePrefixes, savePrefixesTable);
    checkOne("prefixes", prefixes, prefixesTable);
    if ((range == null) != (prefixes == null && prefixesTable == null)) {
      throw usage("--range and --prefixes belong together, expected both");
    }
    if (range != null && (initial() != null || isFinalWanted() || arePrefixesWanted())) {
      throw usage("--range starts and ends within a sequence: it neither reads nor writes states");
    }
    if (requireState && initial() == null) {
      throw usage("--require-state goes with --initial-state");
    }
    if (prefixEvery < 0 || (prefixEvery > 0 && !arePrefixesWanted())) {
      throw usage("--prefix-every goes with --save-prefixes, expected a positive number");
    }
  }

  private void checkOne(String option, String path, String table) {
    if (path != null && table != null) {
      throw usage(
          String.format(
              Locale.ROOT, "--%s and --%s-table are two tables, expected one", option, option));
    }
  }

  private String initial() {
    return initialState == null ? initialStateTable : initialState;
  }

  private boolean isFinalWanted() {
    return finalState != null || finalStateTable != null;
  }

  private boolean arePrefixesWanted() {
    return savePrefixes != null || savePrefixesTable != null;
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  /** The table of final states, which may take the place of the initial ones. */
  TableRequest finals(OutputOptions output) {
    boolean both = (initialStateTable == null) == (finalStateTable == null);
    return output.states("final-state", finalState, finalStateTable, true, both ? initial() : null);
  }

  /** The table of prefixes. */
  TableRequest prefixes(OutputOptions output) {
    return output.states("save-prefixes", savePrefixes, savePrefixesTable, false, null);
  }

  /** Paths of states that are read. */
  List<String> paths() {
    return Stream.of(initialState, prefixes).filter(Objects::nonNull).toList();
  }

  /** Names of tables of states that are read. */
  List<String> names() {
    return Stream.of(initialStateTable, prefixesTable).filter(Objects::nonNull).toList();
  }

  /** The states that sequences go on from, as they are stored; null for none. */
  Dataset<Row> initial(SparkSession spark) {
    return initial() == null ? null : load(spark, initialState, initialStateTable);
  }

  private static Dataset<Row> load(SparkSession spark, String path, String table) {
    return table == null ? StateTable.load(spark, path) : StateTable.named(spark, table);
  }

  /** The stretch that alone is wanted, if not all is. */
  Optional<StateRange> range(SparkSession spark, DataType sequenceType) {
    return Optional.ofNullable(range)
        .map(
            wanted ->
                StateRange.open(
                    load(spark, prefixes, prefixesTable),
                    prefixes == null ? prefixesTable : prefixes,
                    sequenceType,
                    wanted.key(spark, sequenceType),
                    wanted.first(),
                    wanted.last()));
  }

  /**
   * The request that goes on from states and gives those that are to be written.
   *
   * @param finals whether final states are
   * @param prefixTable whether prefixes are
   */
  Attention applyTo(
      Attention request,
      Dataset<Row> initial,
      DataType sequenceType,
      boolean finals,
      boolean prefixTable) {
    Attention changed = prefixEvery > 0 ? request.cutEvery(prefixEvery) : request;
    if (initial != null) {
      changed =
          changed
              .initialStates(StateTable.of(initial, initial(), sequenceType))
              .requireStates(requireState);
    }
    if (finals) {
      changed = changed.withFinalStates();
    }
    return prefixTable ? changed.withPrefixes() : changed;
  }
}
