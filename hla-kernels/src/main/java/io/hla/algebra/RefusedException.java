package io.hla.algebra;

/** What the algebra refuses; {@link #condition()} is the stable name of the error. */
public abstract sealed class RefusedException extends IllegalArgumentException
    permits SettingsException, StateException {
  private static final long serialVersionUID = 1L;

  private final String condition;

  RefusedException(String condition, String message) {
    super(message);
    this.condition = condition;
  }

  /** The stable name of the error, such as {@code HLA_DECAY_RANGE}. */
  public final String condition() {
    return condition;
  }

  /** With the condition, as logs and shells show it. */
  @Override
  public final String toString() {
    return getClass().getName() + ": [" + condition + "] " + getMessage();
  }
}
