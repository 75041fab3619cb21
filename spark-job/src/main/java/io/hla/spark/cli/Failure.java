package io.hla.spark.cli;

import io.hla.algebra.SettingsException;
import io.hla.algebra.StateException;
import io.hla.spark.InputException;

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
      if (t instanceof SettingsException refused) {
        return new Failure(refused.condition(), refused.getMessage());
      }
      if (t instanceof StateException refused) {
        return new Failure(refused.condition(), refused.getMessage());
      }
      cause = t;
    }
    return new Failure(null, cause.toString());
  }
}
