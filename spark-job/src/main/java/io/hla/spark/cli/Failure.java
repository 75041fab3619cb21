package io.hla.spark.cli;

import io.hla.algebra.RefusedException;
import io.hla.kernels.KernelException;
import io.hla.spark.InputException;
import org.apache.spark.SparkThrowable;

/**
 * Why a command ended.
 *
 * @param condition such as HLA_INPUT_GAP; null if the job failed, which is nobody's mistake that is
 *     known
 * @param message for people
 */
record Failure(String condition, String message) {

  /** What the innermost exception that is known says, or the innermost one. */
  static Failure of(Throwable thrown) {
    Throwable cause = thrown;
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (t instanceof InputException refused) {
        return new Failure(refused.condition(), refused.getMessage());
      }
      if (t instanceof RefusedException refused) {
        return new Failure(refused.condition(), refused.getMessage());
      }
      if (t instanceof KernelException refused) {
        return new Failure(refused.condition(), refused.getMessage());
      }
      if (t instanceof SparkThrowable spark && isUnreadable(spark.getCondition())) {
        return new Failure("HLA_INPUT_UNREADABLE", firstLine(t) + " " + firstLine(innermost(t)));
      }
      cause = t;
    }
    return new Failure(null, cause.toString());
  }

  /** Whether Spark says of a file, by its name, that it could not be read. */
  private static boolean isUnreadable(String condition) {
    return condition != null && condition.startsWith("FAILED_READ_FILE");
  }

  private static Throwable innermost(Throwable thrown) {
    return thrown.getCause() == null ? thrown : innermost(thrown.getCause());
  }

  private static String firstLine(Throwable thrown) {
    return String.valueOf(thrown.getMessage()).lines().findFirst().orElse("");
  }
}
