package io.hla.spark.stream;

import io.hla.spark.InputException;

/** What a query was ended by. */
public final class Refused {
  private Refused() {}

  /** The refusal that a failure comes from. */
  public static InputException in(Throwable failure) {
    Throwable cause = failure;
    while (cause != null && !(cause instanceof InputException)) {
      cause = cause.getCause();
    }
    if (cause == null) {
      throw new AssertionError("refused by no name", failure);
    }
    return (InputException) cause;
  }
}
