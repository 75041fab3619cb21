package io.hla.spark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Asserts that something is refused by its name. */
final class Refusal {
  private Refusal() {}

  static AbstractThrowableAssert<?, ? extends Throwable> refused(
      String condition, ThrowingCallable call) {
    return assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo(condition));
  }
}
