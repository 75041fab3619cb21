package io.hla.algebra;

/** Settings that no attention can have; {@link #condition()} names the rule that is broken. */
public final class SettingsException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String condition;

  /** An error of a stable name. */
  public SettingsException(String condition, String message) {
    super(message);
    this.condition = condition;
  }

  /** The stable name of the error, such as {@code HLA_DECAY_RANGE}. */
  public String condition() {
    return condition;
  }

  /** With the condition, as logs and shells show it. */
  @Override
  public String toString() {
    return getClass().getName() + ": [" + condition + "] " + getMessage();
  }
}
