package io.hla.spark.stream;

import io.hla.spark.InputException;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.StatefulProcessorWithInitialState;
import org.apache.spark.sql.streaming.TTLConfig;
import org.apache.spark.sql.streaming.TimeMode;
import org.apache.spark.sql.streaming.TimerValues;
import org.apache.spark.sql.streaming.ValueState;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A stateful processor that computes what is new of a sequence in the order of its positions: token
 * rows of one sequence in, output rows out, both as bytes; what is in between two micro-batches in
 * {@link StreamedState}.
 */
public abstract class SequenceProcessor
    extends StatefulProcessorWithInitialState<Row, byte[], byte[], byte[]> {
  private static final long serialVersionUID = 1L;

  private final String stateName;
  private final SequenceRows rows;
  private final RowBytes states;
  private final StreamOptions options;
  private final boolean requireStates;
  private transient ValueState<byte[]> state;

  /**
   * @param stateName name of the state variable
   * @param states rows of initial states; null if there are none
   * @param requireStates whether a sequence without an initial state is an error
   */
  protected SequenceProcessor(
      String stateName,
      SequenceRows rows,
      RowBytes states,
      StreamOptions options,
      boolean requireStates) {
    this.stateName = stateName;
    this.rows = rows;
    this.states = states;
    this.options = options;
    this.requireStates = requireStates;
  }

  /**
   * What stands in front of a sequence's first token.
   *
   * @param row of the table of initial states
   * @param before what earlier rows of the sequence said, or null
   * @return null to leave it as it is
   */
  protected abstract StreamedState initial(InternalRow row, StreamedState before);

  /**
   * The output rows of consecutive tokens.
   *
   * @param before where the sequence stands, at the position of the first token
   * @param ready rows of tokens, at least one; those that were read may be forgotten
   * @param behind is told once where the sequence stands behind the last token, at the latest when
   *     the rows have ended; rows that are held are none of its business
   */
  protected abstract Iterator<byte[]> outputs(
      SequenceKey sequence,
      StreamedState before,
      List<byte[]> ready,
      Consumer<StreamedState> behind);

  /** The output row of a token that gets no output. */
  protected abstract byte[] late(SequenceKey sequence, long position, byte[] row, String error);

  /** The rows of tokens. */
  protected final SequenceRows rows() {
    return rows;
  }

  @Override
  public void init(OutputMode outputMode, TimeMode timeMode) {
    state = getHandle().getValueState(stateName, Encoders.BINARY(), TTLConfig.NONE());
  }

  @Override
  public void handleInitialState(Row key, byte[] initial, TimerValues timers) {
    StreamedState before = state.exists() ? StreamedState.fromBytes(state.get()) : null;
    StreamedState read = initial(states.unpack(initial), before);
    if (read != null) {
      state.update(read.toBytes());
    }
  }

  @Override
  public scala.collection.Iterator<byte[]> handleInputRows(
      Row key, scala.collection.Iterator<byte[]> arriving, TimerValues timers) {
    return CollectionConverters.asScala(outputs(CollectionConverters.asJava(arriving)));
  }

  private Iterator<byte[]> outputs(Iterator<byte[]> arriving) {
    Sequence sequence = new Sequence(arriving);
    List<ArrivedRow> arrived = sequence.arrived;
    StreamedState before = before(sequence);
    boolean isNew = before == null;
    if (isNew) {
      before = StreamedState.startingAt(start(arrived));
    }
    for (byte[] held : before.held()) {
      arrived.add(new ArrivedRow(rows.position(held, sequence.key), held, true));
    }
    Arrivals arrivals =
        Arrivals.of(
            arrived, before.nextPosition(), before.state() == null, options, sequence.name());
    String columns = rows.columns();
    List<Iterator<byte[]>> output = new ArrayList<>();
    if (!arrivals.ready().isEmpty()) {
      output.add(
          outputs(
              sequence.key,
              before,
              arrivals.ready(),
              behind -> state.update(behind.holding(columns, arrivals.held()).toBytes())));
    } else if (isNew || !arrivals.held().equals(before.held())) {
      state.update(before.holding(columns, arrivals.held()).toBytes());
    }
    output.add(
        arrivals.late().stream()
            .map(row -> late(sequence.key, row.position(), row.row(), row.error()))
            .iterator());
    return new Joined(output.iterator());
  }

  /** What the state store has of a sequence; null for a new one. */
  private StreamedState before(Sequence sequence) {
    if (!state.exists()) {
      if (requireStates) {
        throw new InputException(
            "HLA_STATE_REQUIRED", sequence.name() + " has no initial state, expected one");
      }
      return null;
    }
    StreamedState before = StreamedState.fromBytes(state.get());
    if (!before.held().isEmpty() && !before.heldColumns().equals(rows.columns())) {
      throw new InputException(
          "HLA_STATE_COLUMNS",
          String.format(
              Locale.ROOT,
              "the rows of %s that are held back have columns %s, expected %s",
              sequence.name(),
              before.heldColumns(),
              rows.columns()));
    }
    return before;
  }

  private long start(List<ArrivedRow> arrived) {
    return options.startAt() == null ? Collections.min(arrived).position() : options.startAt();
  }

  /** The rows of one call. */
  private final class Sequence {
    private final SequenceKey key;
    private final List<ArrivedRow> arrived = new ArrayList<>();

    Sequence(Iterator<byte[]> arriving) {
      byte[] first = arriving.next();
      key = rows.key(first);
      arrived.add(new ArrivedRow(rows.position(first, key), first, false));
      while (arriving.hasNext()) {
        byte[] row = arriving.next();
        // Spark groups 0.0 with -0.0, which are two sequences.
        if (!rows.key(row).equals(key)) {
          throw new InputException(
              "HLA_INPUT_TYPE",
              name() + " and " + rows.text(rows.key(row)) + " are one group to Spark");
        }
        arrived.add(new ArrivedRow(rows.position(row, key), row, false));
      }
    }

    String name() {
      return rows.text(key);
    }
  }

  /** Iterators one behind the other. */
  private static final class Joined implements Iterator<byte[]> {
    private final Iterator<Iterator<byte[]>> left;
    private Iterator<byte[]> current = Collections.emptyIterator();

    Joined(Iterator<Iterator<byte[]>> left) {
      this.left = left;
    }

    @Override
    public boolean hasNext() {
      while (!current.hasNext() && left.hasNext()) {
        current = left.next();
      }
      return current.hasNext();
    }

    @Override
    public byte[] next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return current.next();
    }
  }
}
