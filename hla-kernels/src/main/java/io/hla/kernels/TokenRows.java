package io.hla.kernels;

/**
 * Room for tokens on their way through a kernel: the rows of q, k and v, and of the outputs, each
 * packed as in {@link Applier}, in floats or doubles as the precision says. Rows for native kernels
 * lie outside the Java heap, where kernels read and write them as they are; others are arrays. Made
 * by {@link AttentionKernel#rows}. Not safe for several threads.
 */
public abstract sealed class TokenRows implements AutoCloseable permits HeapRows, NativeRows {
  /** What a row is of. */
  public enum Part {
    QUERY,
    KEY,
    VALUE,
    OUTPUT
  }

  private final AttentionSettings settings;
  private final int capacity;
  private final int[] widths = new int[Part.values().length];

  TokenRows(AttentionSettings settings, int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity is " + capacity + ", expected at least 1 token");
    }
    this.settings = settings;
    this.capacity = capacity;
    widths[Part.QUERY.ordinal()] = settings.queryWidth();
    widths[Part.KEY.ordinal()] = settings.keyWidth();
    widths[Part.VALUE.ordinal()] = settings.valueWidth();
    widths[Part.OUTPUT.ordinal()] = settings.outputWidth();
    for (int width : widths) {
      Math.multiplyExact(capacity, width);
    }
  }

  /** The settings that the rows have the widths and the precision of. */
  public final AttentionSettings settings() {
    return settings;
  }

  /** Tokens that there is room for. */
  public final int capacity() {
    return capacity;
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

  final void check(int tokens) {
    if (tokens < 0 || tokens > capacity) {
      throw new IllegalArgumentException(tokens + " tokens in rows of " + capacity);
    }
  }

  final int checked(Part part, int index) {
    if (index < 0 || index >= capacity * width(part)) {
      throw new IndexOutOfBoundsException(index);
    }
    return index;
  }

  /** Frees what lies outside the Java heap; may be called twice. */
  @Override
  public abstract void close();
}
