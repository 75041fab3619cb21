package io.hla.spark;

import io.hla.algebra.RefusedException;
import java.util.function.Supplier;
import org.apache.spark.SparkThrowable;

/**
 * Input, or an option about it, that is refused. {@link #condition()} is the stable name of the
 * error; the message names the place, what was found and what was expected.
 */
public final class InputException extends RuntimeException implements SparkThrowable {
  private static final long serialVersionUID = 1L;

  /** SQL's class of data exceptions. */
  private static final String DATA_EXCEPTION = "22000";

  private final String condition;

  public InputException(String condition, String message) {
    super(message);
    this.condition = condition;
  }

  public InputException(String condition, String message, Throwable cause) {
    super(message, cause);
    this.condition = condition;
  }

  /**
   * What the algebra refuses, under its own name.
   *
   * @param place where it was found, or null where there is none
   */
  public static InputException of(RefusedException refused, String place) {
    String message = refused.getMessage();
    return new InputException(
        refused.condition(), place == null ? message : place + ": " + message, refused);
  }

  /** What work gives, or what it refuses as an error that users of Spark know by its name. */
  public static <T> T named(Supplier<T> work) {
    try {
      return work.get();
    } catch (RefusedException refused) {
      throw of(refused, null);
    }
  }

  /** The name of the error, such as {@code HLA_INPUT_GAP}. */
  public String condition() {
    return condition;
  }

  /** The same for those who handle Spark's errors. */
  @Override
  public String getCondition() {
    return condition;
  }

  @Override
  public String getSqlState() {
    return DATA_EXCEPTION;
  }

  /** With the condition, as logs and shells show it. */
  @Override
  public String toString() {
    return getClass().getName() + ": [" + condition + "] " + getMessage();
  }
}
