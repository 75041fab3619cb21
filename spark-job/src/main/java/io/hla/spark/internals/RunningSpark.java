package io.hla.spark.internals;

import io.hla.spark.InputException;
import java.util.Locale;
import org.apache.spark.package$;

/** The Spark that runs, which must be of the line that these classes are compiled for. */
public final class RunningSpark {
  private RunningSpark() {}

  /** Its version, such as {@code 4.1.0}. */
  public static String version() {
    return package$.MODULE$.SPARK_VERSION();
  }

  /** Whether it is of the line that these classes are compiled for. */
  public static boolean isOfThisLine() {
    return isOf(SparkLine.NAME, version());
  }

  /**
   * Refuses a Spark whose internal classes are others.
   *
   * @throws InputException HLA_SPARK_VERSION if it is of another line
   */
  public static void check() {
    check(SparkLine.NAME, version());
  }

  /** What {@link #check} throws. */
  public static InputException refusal() {
    return refusal(SparkLine.NAME, version());
  }

  static void check(String line, String version) {
    if (!isOf(line, version)) {
      throw refusal(line, version);
    }
  }

  private static InputException refusal(String line, String version) {
    return new InputException(
        "HLA_SPARK_VERSION",
        String.format(
            Locale.ROOT,
            "Spark is %s, and this jar is built for Spark %s, whose internal classes it uses: take"
                + " one that is built with mvn -Dspark.line=%s, or set SPARK_HOME to a Spark %s"
                + " (lines that can be built for are 4.0, 4.1 and 4.2)",
            version,
            line,
            lineOf(version),
            line));
  }

  private static boolean isOf(String line, String version) {
    return lineOf(version).equals(line);
  }

  /** The first two numbers of a version. */
  private static String lineOf(String version) {
    String[] parts = version.split("[.-]", 3);
    return parts.length < 2 ? version : parts[0] + "." + parts[1];
  }
}
