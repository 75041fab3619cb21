package io.hla.algebra;

/** Settings that no attention can have; {@link #condition()} names the rule that is broken. */
public final class SettingsException extends RefusedException {
  private static final long serialVersionUID = 1L;

  /** An error of a stable name. */
  public SettingsException(String condition, String message) {
    super(condition, message);
  }
}
