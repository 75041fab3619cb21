package io.hla.spark.cli;

import io.hla.spark.extract.FeatureExtractor;
import io.hla.spark.output.TableRequest;
import io.hla.spark.state.StateTable;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** States of all layers that a job starts from and leaves behind. */
final class ModelStateOptions {
  @Option(
      names = "--initial-state",
      paramLabel = "PATH",
      description = "States that sequences go on from, as --final-state wrote them.")
  private String initialState;

  @Option(
      names = "--initial-state-table",
      paramLabel = "NAME",
      description = "The same as a table of a catalog.")
  private String initialStateTable;

  @Option(
      names = "--require-state",
      description = "Refuses sequences without an initial state, which start from nothing else.")
  private boolean requireState;

  @Option(
      names = "--final-state",
      paramLabel = "PATH",
      description = {
        "Writes the states of all layers behind every sequence. It may take the place of",
        "--initial-state, with --mode overwrite or append."
      })
  private String finalState;

  @Option(
      names = "--final-state-table",
      paramLabel = "NAME",
      description = "The same as a table of a catalog.")
  private String finalStateTable;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Refuses options that do not go together. */
  void check() {
    checkOne("initial-state", initialState, initialStateTable);
    checkOne("final-state", finalState, finalStateTable);
    if (requireState && initialState == null && initialStateTable == null) {
      throw usage("--require-state goes with --initial-state");
    }
  }

  private void checkOne(String option, String path, String table) {
    if (path != null && table != null) {
      throw usage("--" + option + " and --" + option + "-table are two tables, expected one");
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  /** The table of final states, which may take the place of the initial ones. */
  TableRequest finals(OutputOptions output) {
    boolean both = (initialStateTable == null) == (finalStateTable == null);
    String initial = initialState == null ? initialStateTable : initialState;
    return output.states("final-state", finalState, finalStateTable, true, both ? initial : null);
  }

  /** Paths of states that are read. */
  List<String> paths() {
    return initialState == null ? List.of() : List.of(initialState);
  }

  /** Names of tables of states that are read. */
  List<String> names() {
    return initialStateTable == null ? List.of() : List.of(initialStateTable);
  }

  /** The request that goes on from states, and gives those that are to be written. */
  FeatureExtractor applyTo(FeatureExtractor request, SparkSession spark, boolean finals) {
    FeatureExtractor changed = finals ? request.withFinalStates() : request;
    if (initialState != null) {
      changed = changed.initialStates(StateTable.load(spark, initialState));
    } else if (initialStateTable != null) {
      changed = changed.initialStates(StateTable.named(spark, initialStateTable));
    }
    return changed.requireStates(requireState);
  }
}
