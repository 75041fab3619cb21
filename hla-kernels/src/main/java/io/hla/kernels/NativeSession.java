package io.hla.kernels;

import java.lang.ref.Cleaner;
import java.util.List;

/**
 * A session whose matrices and scratch are memory of the native library. The natives trust every
 * length: all of them are derived from settings here or were checked by {@link TokenArrays};
 * addresses are those of {@link NativeRows}.
 */
final class NativeSession implements Session {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final int OUT_OF_MEMORY = -1;
  private static final int REFUSED = -2;

  private final MatrixLayout layout;
  private final Memory memory;
  private final Cleaner.Cleanable cleanable;

  /**
   * Opens a session on a copy of {@code matrices}.
   *
   * @param cap the best instruction set to use, as the index that the library gives it
   */
  NativeSession(Computation computation, double[] matrices, int cap) {
    AttentionSettings settings = computation.settings();
    layout = computation.layout();
    double[] coefficients =
        computation.program().output().stream().mapToDouble(Program.Term::coefficient).toArray();
    int[] sizes = {
      settings.headDim(),
      settings.valueDim(),
      settings.numHeads(),
      settings.numKvHeads(),
      settings.precision().ordinal(),
      cap,
      settings.featureMap().ordinal(),
      settings.normalize() ? 1 : 0,
      0
    };
    long handle =
        create(
            encode(computation.program()),
            coefficients,
            sizes,
            new double[] {settings.scale(), settings.epsilon()},
            settings.decay().stream().mapToDouble(Double::doubleValue).toArray());
    if (handle == REFUSED) {
      throw new IllegalStateException("the native kernels refuse " + computation.program());
    }
    checkMemory(handle == OUT_OF_MEMORY ? OUT_OF_MEMORY : 0);
    memory = new Memory(handle);
    cleanable = CLEANER.register(this, memory);
    for (int head = 0; head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        checkMemory(setMatrix(handle, head, m, matrices, layout.offset(head, m)));
      }
    }
  }

  /** The index of the best instruction set of this processor that is none above {@code cap}. */
  static int bestInstructionSet(int cap) {
    return instructionSet(cap);
  }

  /** Runs a loop of multiply-adds in registers; returns its floating-point operations. */
  static double peak(int instructionSet, Precision precision, int turns) {
    return peak(instructionSet, precision.ordinal(), turns);
  }

  @Override
  public void process(
      float[] query, float[] key, float[] value, float[] output, int from, int count) {
    processFloats(memory.handle(), query, key, value, null, output, from, count);
    java.lang.ref.Reference.reachabilityFence(this);
  }

  @Override
  public void process(
      double[] query, double[] key, double[] value, double[] output, int from, int count) {
    processDoubles(memory.handle(), query, key, value, null, output, from, count);
    java.lang.ref.Reference.reachabilityFence(this);
  }

  @Override
  public void process(TokenRows rows, boolean withOutput, int count) {
    if (!(rows instanceof NativeRows)) {
      Session.super.process(rows, withOutput, count);
      return;
    }
    boolean isDouble = rows.settings().precision().isDouble();
    processRows(
        memory.handle(),
        rows.address(TokenRows.Part.QUERY),
        rows.address(TokenRows.Part.KEY),
        rows.address(TokenRows.Part.VALUE),
        0,
        withOutput ? rows.address(TokenRows.Part.OUTPUT) : 0,
        count,
        isDouble,
        isDouble);
    java.lang.ref.Reference.reachabilityFence(this);
    java.lang.ref.Reference.reachabilityFence(rows);
  }

  @Override
  public void read(double[] matrices) {
    for (int head = 0; head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        checkMemory(getMatrix(memory.handle(), head, m, matrices, layout.offset(head, m)));
      }
    }
    java.lang.ref.Reference.reachabilityFence(this);
  }

  @Override
  public void close() {
    cleanable.clean();
  }

  // The order that hla_jni.c reads: counts, then every matrix, derived signal and term.
  private static int[] encode(Program program) {
    List<Program.Matrix> matrices = program.matrices();
    List<Program.Read> reads = program.reads();
    List<Program.Term> terms = program.output();
    int[] code = new int[3 + 3 * matrices.size() + 4 * reads.size() + terms.size()];
    int at = 0;
    code[at++] = matrices.size();
    code[at++] = reads.size();
    code[at++] = terms.size();
    for (Program.Matrix matrix : matrices) {
      code[at++] = matrix.y();
      code[at++] = matrix.z();
      code[at++] = matrix.decayPower();
    }
    for (Program.Read read : reads) {
      code[at++] = read.x();
      code[at++] = read.matrix();
      code[at++] = read.strict() ? 1 : 0;
      code[at++] = 0;
    }
    for (Program.Term term : terms) {
      code[at++] = term.signal();
    }
    return code;
  }

  private static void checkMemory(int status) {
    if (status == OUT_OF_MEMORY) {
      throw new OutOfMemoryError("no memory outside the Java heap for a native attention session");
    }
  }

  /** What outlives a session that nobody closed. */
  private static final class Memory implements Runnable {
    private long handle;

    Memory(long handle) {
      this.handle = handle;
    }

    long handle() {
      if (handle == 0) {
        throw new IllegalStateException("the session is closed");
      }
      return handle;
    }

    @Override
    public void run() {
      destroy(handle);
      handle = 0;
    }
  }

  private static native int instructionSet(int cap);

  private static native double peak(int instructionSet, int precision, int turns);

  private static native long create(
      int[] program, double[] coefficients, int[] sizes, double[] scalars, double[] decay);

  private static native void destroy(long handle);

  private static native void processFloats(
      long handle,
      float[] q,
      float[] k,
      float[] v,
      double[] gate,
      float[] o,
      int from,
      int count);

  private static native void processDoubles(
      long handle,
      double[] q,
      double[] k,
      double[] v,
      double[] gate,
      double[] o,
      int from,
      int count);

  private static native void processRows(
      long handle,
      long q,
      long k,
      long v,
      long gate,
      long o,
      int count,
      boolean doubleInput,
      boolean doubleOutput);

  /** Fills in the product of the decays of all tokens so far, for each query head. */
  static native void products(long handle, double[] to);

  private static native int setMatrix(
      long handle, int head, int matrix, double[] values, int offset);

  private static native int getMatrix(
      long handle, int head, int matrix, double[] values, int offset);
}
