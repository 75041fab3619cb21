package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import java.lang.ref.Cleaner;

/** Tokens outside the Java heap, in one piece of memory, every part from a cache line on. */
final class NativeRows extends TokenRows {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final int LINE = 64;

  private final long[] offsets = new long[Part.values().length];
  private final Memory memory;
  private final Cleaner.Cleanable cleanable;

  /** Rows of zeros. */
  NativeRows(AttentionSettings settings, int capacity, Element input, Element output) {
    super(settings, capacity, input, output);
    long bytes = 0;
    for (Part part : Part.values()) {
      offsets[part.ordinal()] = bytes;
      long length = (long) capacity * width(part) * element(part).bytes();
      // A line more: kernels read whole vectors, also behind the last row.
      bytes += (length + LINE - 1) / LINE * LINE + LINE;
    }
    memory = new Memory(allocate(bytes));
    if (memory.address == 0) {
      throw new OutOfMemoryError(
          "no memory outside the Java heap for " + bytes + " bytes of tokens");
    }
    cleanable = CLEANER.register(this, memory);
  }

  private boolean isDouble(Part part) {
    return element(part) == Element.DOUBLE;
  }

  @Override
  public Object array(Part part) {
    return null;
  }

  @Override
  public long address(Part part) {
    return memory.address() + offsets[part.ordinal()];
  }

  @Override
  public double get(Part part, int index) {
    checkIndex(part, index);
    return during(() -> get(address(part), index, isDouble(part)));
  }

  @Override
  public void set(Part part, int index, double number) {
    checkIndex(part, index);
    during(() -> set(address(part), index, isDouble(part), number));
  }

  @Override
  public boolean isFinite(Part part, int tokens) {
    check(tokens);
    return during(() -> isFinite(address(part), tokens * width(part), isDouble(part)));
  }

  @Override
  void free() {
    cleanable.clean();
  }

  /** What outlives rows that nobody closed. */
  private static final class Memory implements Runnable {
    private long address;

    Memory(long address) {
      this.address = address;
    }

    long address() {
      if (address == 0) {
        throw new IllegalStateException("the rows are closed");
      }
      return address;
    }

    @Override
    public void run() {
      free(address);
      address = 0;
    }
  }

  private static native long allocate(long bytes);

  private static native void free(long address);

  private static native double get(long address, int index, boolean isDouble);

  private static native void set(long address, int index, boolean isDouble, double number);

  private static native boolean isFinite(long address, int count, boolean isDouble);
}
