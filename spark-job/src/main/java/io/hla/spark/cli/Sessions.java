package io.hla.spark.cli;

import io.hla.spark.internals.RunningSpark;
import io.hla.spark.report.ConsoleReport;
import org.apache.spark.sql.SparkSession;

/** Opens Spark for a command. */
final class Sessions {
  private Sessions() {}

  /**
   * The session of this job; its settings are the cluster's and the user's. Refuses a Spark of
   * another line.
   */
  static SparkSession open(String name) {
    RunningSpark.check();
    return SparkSession.builder().appName(name).getOrCreate();
  }

  /** What people read; {@code submit.sh} knows whether they do so on a terminal. */
  static ConsoleReport console(SparkSession spark) {
    boolean terminal =
        spark.sparkContext().getConf().getBoolean("spark.hla.console.terminal", false);
    return new ConsoleReport(System.err, terminal);
  }

  /** Stops Spark if a command opened it. */
  static void close() {
    if (SparkSession.getDefaultSession().isDefined()) {
      SparkSession.getDefaultSession().get().stop();
    }
  }
}
