package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * Room for tokens on their way through a kernel: the rows of q, k and v, of the gates if there are
 * any, and of the outputs, each packed as in {@link Applier}. Those of q, k and v are of one type,
 * outputs of one, gates doubles. Rows for native kernels lie outside the Java heap, where kernels
 * read and write them as they are; others are arrays. Made by {@link AttentionKernel#rows}. For one
 * thread at a time, as an {@link Applier} is.
 */
public abstract sealed class TokenRows implements AutoCloseable permits HeapRows, NativeRows {
  /** What a row is of. */
  public enum Part {
    QUERY,
    KEY,
    VALUE,
    GATE,
    OUTPUT
  }

  private final AttentionSettings settings;
  private final Exclusive use = new Exclusive("set of token rows");
  private final int capacity;
  private final Element input;
  private final Element output;
  private final int[] widths = new int[Part.values().length];

  TokenRows(AttentionSettings settings, int capacity, Element input, Element output) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity is " + capacity + ", expected at least 1 token");
    }
    boolean hasDoubles = input == Element.DOUBLE || output == Element.DOUBLE;
    if (hasDoubles && !settings.precision().isDouble()) {
      throw new IllegalArgumentException(
          "rows of doubles with precision " + settings.precision().text() + ", expected float");
    }
    this.settings = settings;
    this.capacity = capacity;
    this.input = input;
    this.output = output;
    widths[Part.QUERY.ordinal()] = settings.queryWidth();
    widths[Part.KEY.ordinal()] = settings.keyWidth();
    widths[Part.VALUE.ordinal()] = settings.valueWidth();
    widths[Part.GATE.ordinal()] = settings.gateWidth();
    widths[Part.OUTPUT.ordinal()] = settings.outputWidth();
    for (int width : widths) {
      Math.multiplyExact(capacity, width);
    }
  }

  /** The settings that the rows have the widths of. */
  public final AttentionSettings settings() {
    return settings;
  }

  /** Tokens that there is room for. */
  public final int capacity() {
    return capacity;
  }

  /** The type of the numbers of a row. */
  public final Element element(Part part) {
    return switch (part) {
      case QUERY, KEY, VALUE -> input;
      case GATE -> Element.DOUBLE;
      case OUTPUT -> output;
    };
  }

  /** Numbers of a row. */
  public final int width(Part part) {
    return widths[part.ordinal()];
  }

  /** The {@code float[]} or {@code double[]} of all rows; null where they lie outside the heap. */
  public abstract Object array(Part part);

  /** Where the rows start outside the heap; 0 where they are arrays. */
  public abstract long address(Part part);

  /** The number at {@code token * width + column}. */
  public abstract double get(Part part, int index);

  /** Sets the number at {@code token * width + column}, rounded to the type of the rows. */
  public abstract void set(Part part, int index, double number);

  /** Whether the rows of the first {@code tokens} tokens hold finite numbers only. */
  public abstract boolean isFinite(Part part, int tokens);

  /**
   * Refuses too many tokens, rows of other widths, and doubles where the precision computes in
   * float.
   *
   * @throws IllegalArgumentException saying so
   */
  final void check(AttentionSettings expected, int tokens) {
    boolean hasDoubles = input == Element.DOUBLE || output == Element.DOUBLE;
    if (hasDoubles && !expected.precision().isDouble()
        || expected.queryWidth() != settings.queryWidth()
        || expected.keyWidth() != settings.keyWidth()
        || expected.valueWidth() != settings.valueWidth()
        || expected.gateWidth() != settings.gateWidth()
        || expected.outputWidth() != settings.outputWidth()) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "rows were made for %s, expected %s", settings, expected));
    }
    check(tokens);
  }

  final void check(int tokens) {
    if (tokens < 0 || tokens > capacity) {
      throw new IllegalArgumentException(tokens + " tokens in rows of " + capacity);
    }
  }

  final void checkIndex(Part part, int index) {
    Objects.checkIndex(index, capacity * width(part));
  }

  /** Does work that must not meet {@link #close} in another thread. */
  final void during(Runnable work) {
    use.during(work);
  }

  /** The same with a result. */
  final <T> T during(Supplier<T> work) {
    return use.during(work);
  }

  /** Frees what lies outside the Java heap; may be called twice, and by no thread during a use. */
  @Override
  public final void close() {
    if (use.close()) {
      free();
    }
  }

  abstract void free();
}
