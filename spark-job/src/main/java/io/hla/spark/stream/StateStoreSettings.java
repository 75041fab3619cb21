package io.hla.spark.stream;

import io.hla.spark.InputException;
import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider;
import org.apache.spark.sql.internal.SQLConf;

/** The state store of a session: RocksDB, and changes instead of snapshots where none is chosen. */
final class StateStoreSettings {
  private static final String PROVIDER = "spark.sql.streaming.stateStore.providerClass";
  private static final String CHANGELOG =
      "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled";

  private StateStoreSettings() {}

  /**
   * Sets what the session has no choice of its own for: queries take it from there as they start.
   *
   * @throws InputException HLA_STREAM_STATE_STORE if it has chosen a store that has no room for
   *     states of a stream's operators
   */
  static void choose(SparkSession spark) {
    SQLConf conf = ((org.apache.spark.sql.classic.SparkSession) spark).sessionState().conf();
    String rocks = RocksDBStateStoreProvider.class.getName();
    String simple = RocksDBStateStoreProvider.class.getSimpleName();
    if (!conf.contains(PROVIDER)) {
      spark.conf().set(PROVIDER, rocks);
    } else if (!conf.getConfString(PROVIDER).endsWith(simple)) {
      throw new InputException(
          "HLA_STREAM_STATE_STORE",
          String.format(
              Locale.ROOT,
              "%s is %s, expected %s, which a session without a choice is given",
              PROVIDER,
              conf.getConfString(PROVIDER),
              rocks));
    }
    if (!conf.contains(CHANGELOG)) {
      spark.conf().set(CHANGELOG, true);
    }
    // Tables ask for the coordinator of state stores too, which only the manager of queries opens.
    spark.streams();
  }
}
