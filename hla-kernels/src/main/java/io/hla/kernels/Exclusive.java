package io.hla.kernels;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Keeps what is not safe for several threads from being used by two at once, or after it was
 * closed: such a mistake is an exception, where memory outside the Java heap would be torn.
 */
final class Exclusive {
  private static final int IDLE = 0;
  private static final int IN_USE = 1;
  private static final int CLOSED = 2;

  private final AtomicInteger state = new AtomicInteger(IDLE);
  private final String name;

  /**
   * Guards one object.
   *
   * @param name what messages call it
   */
  Exclusive(String name) {
    this.name = name;
  }

  /** Begins a use; {@link #leave} ends it. Throws IllegalStateException. */
  void enter() {
    if (!state.compareAndSet(IDLE, IN_USE)) {
      throw refused();
    }
  }

  void leave() {
    state.set(IDLE);
  }

  /**
   * Whether this call closed it: false if it was closed. Throws IllegalStateException if in use.
   */
  boolean close() {
    if (state.compareAndSet(IDLE, CLOSED)) {
      return true;
    }
    if (state.get() == IN_USE) {
      throw refused();
    }
    return false;
  }

  private IllegalStateException refused() {
    return new IllegalStateException(
        state.get() == CLOSED
            ? "the " + name + " is closed"
            : "the " + name + " is in use by another thread");
  }
}
