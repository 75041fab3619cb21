package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.hla.algebra.Operator;
import io.hla.algebra.RefusedException;
import io.hla.algebra.SettingsException;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class InputExceptionTest {
  private static final byte[] NO_STATE = new byte[100];

  @Test
  void whatTheAlgebraRefusesKeepsItsNameMessageAndCause() {
    assertSame("HLA_OPERATOR", SettingsException.class, () -> Operator.parse("hla99"));
    assertSame("HLA_STATE_DAMAGED", StateException.class, () -> State.describe(NO_STATE));
  }

  private static void assertSame(String condition, Class<?> cause, ThrowingCallable work) {
    RefusedException refused = catchThrowableOfType(RefusedException.class, work);
    assertThat(refused).isInstanceOf(cause);
    assertThat(refused.condition()).isEqualTo(condition);
    assertThat(refused)
        .hasToString(cause.getName() + ": [" + condition + "] " + refused.getMessage());
    assertThatThrownBy(() -> InputException.named(() -> raised(refused)))
        .isInstanceOfSatisfying(
            InputException.class,
            named -> {
              assertThat(named.getCondition()).isEqualTo(condition);
              assertThat(named).hasMessage(refused.getMessage()).hasCause(refused);
            });
    assertThat(InputException.of(refused, "sequence a"))
        .hasMessage("sequence a: " + refused.getMessage())
        .extracting(InputException::condition)
        .isEqualTo(condition);
  }

  private static Object raised(RuntimeException error) {
    throw error;
  }

  @Test
  void othersAreGivenAsTheyAre() {
    assertThat(InputException.named(() -> "value")).isEqualTo("value");
    RuntimeException other = new IllegalArgumentException("of another");
    assertThatThrownBy(() -> InputException.named(() -> raised(other))).isSameAs(other);
  }
}
