package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.MatrixLayout;
import io.hla.algebra.PendingDecay;
import io.hla.algebra.Precision;
import io.hla.algebra.Program;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.stream.IntStream;

/**
 * A session whose matrices and scratch are memory of the native library. The natives trust every
 * length: all of them are derived from settings here or were checked by {@link Tokens}; addresses
 * are those of {@link NativeRows}.
 */
final class NativeSession implements Session {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final int OUT_OF_MEMORY = -1;
  private static final int REFUSED = -2;

  private final AttentionSettings settings;
  private final MatrixLayout layout;
  private final Memory memory;
  private final Cleaner.Cleanable cleanable;

  /**
   * Opens a session on a copy of {@code matrices}.
   *
   * @param cap the best instruction set to use, as the index that the library gives it
   */
  NativeSession(Computation computation, double[] matrices, int cap) {
    settings = computation.settings();
    layout = computation.layout();
    double[] coefficients =
        computation.program().output().stream().mapToDouble(Program.Term::coefficient).toArray();
    int[] sizes = {
      settings.headDim(),
      settings.valueDim(),
      settings.numHeads(),
      settings.numKvHeads(),
      computation.arithmetic().ordinal(),
      cap,
      settings.featureMap().ordinal(),
      settings.normalize() ? 1 : 0,
      settings.gated() ? 1 : 0
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
    write(matrices);
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
  public void process(Tokens tokens, int from, int count) {
    Numbers output = tokens.output();
    boolean floats = tokens.query().element() == Element.FLOAT;
    if (output != null && output.element() != tokens.query().element()) {
      processInDoubles(tokens, from, count);
    } else if (floats) {
      processFloats(
          memory.handle(),
          tokens.query().floats(),
          tokens.key().floats(),
          tokens.value().floats(),
          tokens.gate(),
          output == null ? null : output.floats(),
          from,
          count);
    } else {
      processDoubles(
          memory.handle(),
          tokens.query().doubles(),
          tokens.key().doubles(),
          tokens.value().doubles(),
          tokens.gate(),
          output == null ? null : output.doubles(),
          from,
          count);
    }
    Reference.reachabilityFence(this);
  }

  /** Arrays of two types, by way of copies. */
  private void processInDoubles(Tokens tokens, int from, int count) {
    int end = from + count;
    int width = settings.outputWidth();
    double[] output = new double[end * width];
    Tokens doubles =
        Tokens.of(
            tokens.query().widened(end * settings.queryWidth()),
            tokens.key().widened(end * settings.keyWidth()),
            tokens.value().widened(end * settings.valueWidth()),
            tokens.gate(),
            output);
    process(doubles, from, count);
    tokens.output().set(from * width, output, from * width, count * width);
  }

  @Override
  public void process(TokenRows rows, boolean withOutput, int count) {
    if (!(rows instanceof NativeRows)) {
      Session.super.process(rows, withOutput, count);
      return;
    }
    processRows(
        memory.handle(),
        rows.address(TokenRows.Part.QUERY),
        rows.address(TokenRows.Part.KEY),
        rows.address(TokenRows.Part.VALUE),
        rows.width(TokenRows.Part.GATE) > 0 ? rows.address(TokenRows.Part.GATE) : 0,
        withOutput ? rows.address(TokenRows.Part.OUTPUT) : 0,
        count,
        rows.element(TokenRows.Part.QUERY) == Element.DOUBLE,
        rows.element(TokenRows.Part.OUTPUT) == Element.DOUBLE);
    Reference.reachabilityFence(this);
    Reference.reachabilityFence(rows);
  }

  @Override
  public void write(double[] matrices) {
    for (int head = 0; head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        checkMemory(setMatrix(memory.handle(), head, m, matrices, layout.offset(head, m)));
      }
    }
    Reference.reachabilityFence(this);
  }

  @Override
  public boolean resume(double[] matrices, PendingDecay pending) {
    write(matrices);
    boolean resumed =
        resume(memory.handle(), pending.tokens()) && pending.isSame(pendingDecay(memory.handle()));
    Reference.reachabilityFence(this);
    return resumed;
  }

  private PendingDecay pendingDecay(long handle) {
    int tokens = tokensOfBatch(handle);
    if (tokens == 0) {
      return PendingDecay.NONE;
    }
    double[] factors = new double[layout.heads() * layout.count()];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = putOff(handle, i / layout.count(), i % layout.count());
    }
    return new PendingDecay(tokens, factors);
  }

  @Override
  public PendingDecay read(double[] matrices) {
    for (int head = 0; head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        if (layout.owns(head, m)) {
          checkMemory(getMatrix(memory.handle(), head, m, matrices, layout.offset(head, m)));
        }
      }
    }
    PendingDecay pending = pendingDecay(memory.handle());
    Reference.reachabilityFence(this);
    return pending;
  }

  @Override
  public void readProducts(double[] to) {
    if (to.length > 0) {
      products(memory.handle(), to);
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public void close() {
    cleanable.clean();
  }

  // The order that hla_jni.c reads: counts, then every matrix, derived signal and term.
  private static int[] encode(Program program) {
    IntStream.Builder code = IntStream.builder();
    code.add(program.matrices().size()).add(program.derived().size()).add(program.output().size());
    for (Program.Matrix matrix : program.matrices()) {
      code.add(matrix.y()).add(matrix.z()).add(matrix.decayPower());
    }
    for (Program.Derived signal : program.derived()) {
      if (signal instanceof Program.Read read) {
        code.add(read.x()).add(read.matrix()).add(read.strict() ? 1 : 0).add(0);
      } else {
        Program.Weighted weighted = (Program.Weighted) signal;
        code.add(weighted.x()).add(-1).add(weighted.strict() ? 1 : 0).add(weighted.power());
      }
    }
    program.output().forEach(term -> code.add(term.signal()));
    return code.build().toArray();
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
      long handle, float[] q, float[] k, float[] v, double[] gate, float[] o, int from, int count);

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

  /** Tokens of the batch in progress, for which decay is put off. */
  private static native int tokensOfBatch(long handle);

  /** What the values of a matrix are to be multiplied by. */
  private static native double putOff(long handle, int head, int matrix);

  /** Goes on behind some tokens of a batch; false if a batch of this session is never so far. */
  private static native boolean resume(long handle, int tokens);

  /** The product of the decays of each head since the session was opened. */
  private static native void products(long handle, double[] to);

  private static native int setMatrix(
      long handle, int head, int matrix, double[] values, int offset);

  private static native int getMatrix(
      long handle, int head, int matrix, double[] values, int offset);
}
