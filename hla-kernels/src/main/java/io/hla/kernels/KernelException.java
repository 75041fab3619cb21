package io.hla.kernels;

/** Kernels that were asked for and cannot run here; {@link #condition()} names why. */
public final class KernelException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  private final String condition;

  KernelException(String condition, String message, Throwable cause) {
    super(message, cause);
    this.condition = condition;
  }

  /** The stable name of the error, such as {@code HLA_NATIVE_UNAVAILABLE}. */
  public String condition() {
    return condition;
  }

  /** With the condition, as logs and shells show it. */
  @Override
  public String toString() {
    return getClass().getName() + ": [" + condition + "] " + getMessage();
  }
}
