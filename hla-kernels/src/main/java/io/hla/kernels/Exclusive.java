package io.hla.kernels;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Keeps what is not safe for several threads from being used by two at once, or after it was
 * closed: such a mistake is an exception, where memory outside the Java heap would be torn.
 */
final class Exclusive {
  private static final Object CLOSED = new Object();

  /** The thread that is at it, null, or CLOSED. */
  private final AtomicReference<Object> owner = new AtomicReference<>();

  private final String name;

  /**
   * Guards one object.
   *
   * @param name what messages call it
   */
  Exclusive(String name) {
    this.name = name;
  }

  /** Does work that no other thread may meet. Throws IllegalStateException. */
  void during(Runnable work) {
    during(
        () -> {
          work.run();
          return null;
        });
  }

  /** The same with a result. */
  <T> T during(Supplier<T> work) {
    Thread current = Thread.currentThread();
    if (owner.get() == current) {
      return work.get();
    }
    if (!owner.compareAndSet(null, current)) {
      throw refused();
    }
    try {
      return work.get();
    } finally {
      owner.set(null);
    }
  }

  /**
   * Whether this call closed it: false if it was closed. Throws IllegalStateException if in use.
   */
  boolean close() {
    if (owner.compareAndSet(null, CLOSED)) {
      return true;
    }
    if (owner.get() != CLOSED) {
      throw refused();
    }
    return false;
  }

  private IllegalStateException refused() {
    return new IllegalStateException(
        owner.get() == CLOSED
            ? "the " + name + " is closed"
            : "the " + name + " is in use by another thread");
  }
}
