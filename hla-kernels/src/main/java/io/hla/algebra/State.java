package io.hla.algebra;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What stands in front of a token: the matrices of the operator's program, in double, for every
 * query head. Immutable. Summaries act on states: {@code s.advance(a).advance(b)} equals {@code
 * s.advance(a.combine(b))}, and the identity changes nothing.
 */
public final class State {
  private final Algebra algebra;
  private final long tokens;
  private final double[] values;
  private final PendingDecay pending;

  State(Algebra algebra, long tokens, double[] values) {
    this(algebra, tokens, values, PendingDecay.NONE);
  }

  State(Algebra algebra, long tokens, double[] values, PendingDecay pending) {
    this.algebra = algebra;
    this.tokens = tokens;
    this.values = values;
    this.pending = pending;
  }

  /**
   * The state in front of the first token: zero, but for a ridge without decay, whose S starts from
   * lambda I.
   */
  public static State initial(AttentionSettings settings) {
    Algebra algebra = Algebra.of(settings);
    MatrixLayout layout = algebra.stateLayout();
    double[] values = new double[layout.size()];
    for (int head = 0; head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        for (int i = 0; i < layout.rows(m) && layout.matrix(m).diagonal() != 0; i++) {
          values[layout.offset(head, m) + i * (layout.columns(m) + 1)] =
              layout.matrix(m).diagonal();
        }
      }
    }
    return new State(algebra, 0, values);
  }

  /**
   * The state that given matrices are, behind {@code tokens} tokens.
   *
   * @param matrices one matrix of one query head, row-major, by the names of {@link #matrices}; of
   *     symmetric matrices the upper triangle counts, of those that heads share the first head's
   * @throws StateException if a matrix has another size
   */
  public static State of(AttentionSettings settings, long tokens, HeadMatrices matrices) {
    Algebra algebra = Algebra.of(settings);
    MatrixLayout layout = algebra.stateLayout();
    double[] values = new double[layout.size()];
    for (int head = 0; head < layout.heads(); head++) {
      for (int m = 0; m < layout.count(); m++) {
        double[] matrix = matrices.get(layout.matrix(m).name(), head);
        int size = layout.rows(m) * layout.columns(m);
        if (matrix.length != size) {
          throw new StateException(
              "HLA_STATE_SIZE",
              String.format(
                  Locale.ROOT,
                  "matrix %s of head %d has %d values, expected %d x %d",
                  layout.matrix(m).name(),
                  head,
                  matrix.length,
                  layout.rows(m),
                  layout.columns(m)));
        }
        if (layout.owns(head, m)) {
          System.arraycopy(matrix, 0, values, layout.offset(head, m), size);
        }
      }
    }
    layout.mirror(values);
    return new State(algebra, tokens, values);
  }

  /** Gives the matrices of a state. */
  @FunctionalInterface
  public interface HeadMatrices {
    /** A matrix of a query head, row-major. */
    double[] get(String name, int head);
  }

  /**
   * The state behind a segment. With an operator whose scan has several steps, only the matrices
   * that the summary's step determines move on; {@link #withStep} joins them.
   *
   * @throws StateException if the summary was made with other settings
   */
  public State advance(Summary segment) {
    StateException.checkSame("advance a state", settings(), segment.settings());
    return new State(
        algebra,
        Math.addExact(tokens, segment.tokens()),
        algebra.follow(algebra.stateLayout(), whole(), null, segment));
  }

  /**
   * This state with the matrices that one scan step determines.
   *
   * @param step which, below {@link Summary#steps}
   * @param other a state behind the same tokens that the summaries of the step gave
   * @throws StateException if it differs in settings or tokens
   */
  public State withStep(int step, State other) {
    StateException.checkSame("join a state", settings(), other.settings());
    if (other.tokens != tokens) {
      throw new StateException(
          "HLA_STATE_STEP",
          "cannot join states behind " + tokens + " and " + other.tokens + " tokens");
    }
    MatrixLayout layout = algebra.stateLayout();
    double[] joined = values();
    double[] given = other.whole();
    for (String name : algebra.summaryLayout(step).names()) {
      if (layout.indexOf(name) >= 0) {
        MatrixLayout.copy(name, layout, given, layout, joined);
      }
    }
    return new State(algebra, tokens, joined);
  }

  /** Whether all of its numbers are finite. */
  public boolean isFinite() {
    return Finite.all(values, values.length);
  }

  /** The settings that the state belongs to. */
  public AttentionSettings settings() {
    return algebra.settings();
  }

  /** Tokens that the state has seen. */
  public long tokens() {
    return tokens;
  }

  /** The paper's symbols of the matrices, in the order of the bytes. */
  public List<String> matrices() {
    return algebra.stateLayout().names();
  }

  /** A copy of one matrix of one query head, row-major. */
  public double[] matrix(String name, int head) {
    MatrixLayout layout = algebra.stateLayout();
    int m = layout.indexOf(name);
    if (m < 0) {
      throw new IllegalArgumentException("no matrix " + name + ", expected one of " + matrices());
    }
    int offset = layout.offset(head, m);
    double[] matrix =
        Arrays.copyOfRange(values, offset, offset + layout.rows(m) * layout.columns(m));
    if (!pending.isNone()) {
      DoubleRows.scale(matrix, pending.factor(layout, head, m), 0, matrix.length);
    }
    return matrix;
  }

  /** The bytes of this state; {@link StateBytes} draws them. */
  public byte[] toBytes() {
    return StateBytes.write(
        StateBytes.Kind.STATE,
        settings(),
        pending.tokens(),
        tokens,
        algebra.stateLayout(),
        values,
        pending.factors());
  }

  /**
   * Reads a state.
   *
   * @throws StateException if the bytes are damaged, not a state, or of a newer version
   */
  public static State fromBytes(byte[] bytes) {
    StateBytes read = StateBytes.read(StateBytes.Kind.STATE, bytes);
    MatrixLayout layout = read.layout();
    double[] factors = new double[read.factors(layout)];
    double[] values = read.values(layout, factors);
    return new State(
        Algebra.of(read.settings()), read.tokens(), values, read.pendingDecay(factors));
  }

  /**
   * Whether bytes are those of a state with these settings, without unpacking them.
   *
   * @throws StateException if they are damaged, not a state, of a newer version, or of a state with
   *     other settings
   */
  public static void check(byte[] bytes, AttentionSettings settings) {
    StateBytes read = StateBytes.read(StateBytes.Kind.STATE, bytes);
    StateException.checkSame("continue from a state", settings, read.settings());
    MatrixLayout layout = Algebra.of(settings).stateLayout();
    read.checkSize(layout, read.factors(layout));
  }

  /**
   * What the bytes of a state say of it.
   *
   * @param matrices the paper's symbols, in the order of the bytes
   */
  public record Description(AttentionSettings settings, long tokens, List<String> matrices) {}

  /**
   * Describes the bytes of a state without unpacking them: whatever they are, no more memory is
   * taken than they are long, some times over.
   *
   * @throws StateException if they are damaged, not a state, or of a newer version
   */
  public static Description describe(byte[] bytes) {
    StateBytes read = StateBytes.read(StateBytes.Kind.STATE, bytes);
    MatrixLayout layout = read.layout();
    read.checkSize(layout, read.factors(layout));
    return new Description(read.settings(), read.tokens(), layout.names());
  }

  /** The settings that the bytes of a state name. Throws StateException. */
  public static AttentionSettings settingsOf(byte[] bytes) {
    return StateBytes.read(StateBytes.Kind.STATE, bytes).settings();
  }

  /** Bytes of a state as it lies in memory, where nothing is packed. */
  public static long bytesInMemory(AttentionSettings settings) {
    return 8L * Algebra.of(settings).stateLayout().size();
  }

  /** About how many bytes {@link #toBytes} gives. */
  public long sizeInBytes() {
    return 8L * algebra.stateLayout().packedSize();
  }

  /**
   * A copy of all matrices: head after head, those of a head in order, each row-major; one that
   * heads share stands at the first of them alone.
   */
  public double[] values() {
    double[] copy = values.clone();
    pending.settle(algebra.stateLayout(), copy);
    return copy;
  }

  /** The same without a copy where there is nothing to multiply. */
  private double[] whole() {
    return pending.isNone() ? values : values();
  }

  /** Decay that {@link #unsettled} values were not multiplied by. */
  public PendingDecay pendingDecay() {
    return pending;
  }

  /** A copy of the values as they stand. */
  public double[] unsettled() {
    return values.clone();
  }
}
