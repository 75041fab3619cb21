package io.hla.spark;

/**
 * Input, or an option about it, that is refused. {@link #condition()} is the stable name of the
 * error; the message names the place, what was found and what was expected.
 */
public final class InputException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String condition;

  public InputException(String condition, String message) {
    super(message);
    this.condition = condition;
  }

  public InputException(String condition, String message, Throwable cause) {
    super(message, cause);
    this.condition = condition;
  }

  /** The name of the error, such as {@code HLA_INPUT_GAP}. */
  public String condition() {
    return condition;
  }
}
