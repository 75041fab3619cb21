package io.hla.spark;

import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** The Spark of this JVM, opened when first asked for: two threads, no UI. */
public final class TestSpark {
  private static final Map<String, String> SETTINGS =
      Map.of(
          "spark.sql.shuffle.partitions", "3",
          // A file that costs as much as a whole split to open shares its split with no other.
          "spark.sql.files.openCostInBytes", "128MB",
          "spark.sql.files.maxPartitionBytes", "128MB");

  private TestSpark() {}

  /** The session that commands find open. */
  public static SparkSession open() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("tests")
        .config("spark.ui.enabled", false)
        .getOrCreate();
  }

  /** A session of its own, to which every file is one partition. */
  public static SparkSession newSession() {
    return configured(open().newSession());
  }

  /** The settings that tests rely on, for a session. */
  public static SparkSession configured(SparkSession session) {
    SETTINGS.forEach(session.conf()::set);
    return session;
  }

  /** Stops it; whoever needs it next opens another. */
  public static void stop() {
    open().stop();
  }
}
