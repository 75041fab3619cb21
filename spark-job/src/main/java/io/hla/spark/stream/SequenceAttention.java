package io.hla.spark.stream;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.kernels.Element;
import io.hla.spark.Attention;
import io.hla.spark.ComputeSettings;
import io.hla.spark.InputException;
import io.hla.spark.state.InitialStates;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.Overflow;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenRow;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.StatefulProcessorWithInitialState;
import org.apache.spark.sql.streaming.TTLConfig;
import org.apache.spark.sql.streaming.TimeMode;
import org.apache.spark.sql.streaming.TimerValues;
import org.apache.spark.sql.streaming.ValueState;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.util.TaskCompletionListener;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Attention as a stateful processor: token rows of one sequence in, output rows out, both as bytes;
 * the state in between in {@link StreamedState}.
 */
final class SequenceAttention
    extends StatefulProcessorWithInitialState<Row, byte[], byte[], byte[]> {
  private static final long serialVersionUID = 1L;

  /** The name of the state variable. */
  static final String STATE = "attention";

  private final TokenRow layout;
  private final AttentionSettings template;
  private final HeadSizes sizes;
  private final ComputeSettings compute;
  private final StreamOptions options;
  private final RowBytes tokens;
  private final RowBytes states;
  private final RowBytes outputs;
  private transient ValueState<byte[]> state;
  private transient Parts parts;

  /** What all sequences of a task share. */
  record Parts(
      TokenRow layout,
      ComputeSettings compute,
      RowBytes tokens,
      OutputBytes output,
      TaskKernel kernel) {}

  /**
   * @param tokens rows as {@code layout} says
   * @param states rows ([seq], next_pos, state) of initial states; null if there are none
   * @param outputs rows of the output
   */
  SequenceAttention(
      TokenRow layout,
      Attention request,
      StreamOptions options,
      RowBytes tokens,
      RowBytes states,
      RowBytes outputs) {
    this.layout = layout;
    this.options = options;
    template = request.settings(1, 1);
    sizes = request.sizes();
    compute = request.compute();
    this.tokens = tokens;
    this.states = states;
    this.outputs = outputs;
  }

  @Override
  public void init(OutputMode outputMode, TimeMode timeMode) {
    state = getHandle().getValueState(STATE, Encoders.BINARY(), TTLConfig.NONE());
  }

  @Override
  public void handleInitialState(Row key, byte[] initial, TimerValues timers) {
    InternalRow row = states.unpack(initial);
    InitialStates reader = new InitialStates(layout.sequenceType());
    AttentionSettings named = reader.settings(row);
    SequenceState read =
        reader.read(row, named == null || sizes != null ? settings() : template(named));
    if (state.exists()) {
      throw new InputException(
          "HLA_STATE_DUPLICATE",
          "there are several initial states for " + read.sequence().text(layout.sequenceType()));
    }
    state.update(StreamedState.behind(read.nextPosition(), read.state()).toBytes());
  }

  /** For heads of the sizes that options name. */
  private AttentionSettings settings() {
    return sizes == null ? template : template.withSizes(sizes.headDim(), sizes.valueDim());
  }

  /** For heads of the same sizes as others. */
  private AttentionSettings template(AttentionSettings other) {
    return template.withSizes(other.headDim(), other.valueDim());
  }

  @Override
  public scala.collection.Iterator<byte[]> handleInputRows(
      Row key, scala.collection.Iterator<byte[]> rows, TimerValues timers) {
    return CollectionConverters.asScala(attend(CollectionConverters.asJava(rows)));
  }

  private Iterator<byte[]> attend(Iterator<byte[]> rows) {
    Sequence sequence = new Sequence(rows);
    List<ArrivedRow> arrived = sequence.arrived;
    StreamedState before = before(sequence);
    boolean isNew = before == null;
    if (isNew) {
      before = StreamedState.startingAt(start(arrived));
    }
    for (byte[] held : before.held()) {
      arrived.add(new ArrivedRow(position(held, sequence), held, true));
    }
    Arrivals arrivals =
        Arrivals.of(
            arrived, before.nextPosition(), before.state() == null, options, sequence.name());
    String columns = tokens.schema().toDDL();
    List<Iterator<byte[]>> output = new ArrayList<>();
    if (!arrivals.ready().isEmpty()) {
      output.add(attended(sequence, before, arrivals, columns));
    } else if (isNew || !arrivals.held().equals(before.held())) {
      state.update(before.holding(columns, arrivals.held()).toBytes());
    }
    output.add(late(sequence, arrivals.late()));
    return new Joined(output.iterator());
  }

  /** What the state store has of a sequence; null for a new one. */
  private StreamedState before(Sequence sequence) {
    if (!state.exists()) {
      if (compute.requireStates()) {
        throw new InputException(
            "HLA_STATE_REQUIRED", sequence.name() + " has no initial state, expected one");
      }
      return null;
    }
    StreamedState before = StreamedState.fromBytes(state.get());
    String columns = tokens.schema().toDDL();
    if (!before.held().isEmpty() && !before.heldColumns().equals(columns)) {
      throw new InputException(
          "HLA_STATE_COLUMNS",
          String.format(
              Locale.ROOT,
              "the rows of %s that are held back have columns %s, expected %s",
              sequence.name(),
              before.heldColumns(),
              columns));
    }
    return before;
  }

  private long start(List<ArrivedRow> arrived) {
    return options.startAt() == null ? Collections.min(arrived).position() : options.startAt();
  }

  private Iterator<byte[]> attended(
      Sequence sequence, StreamedState before, Arrivals arrivals, String columns) {
    List<byte[]> ready = arrivals.ready();
    long next = before.nextPosition() + ready.size();
    State inFront = inFront(sequence, before, ready.get(0));
    if (before.pending().element() == Element.DOUBLE
        && layout.input(inFront.settings()) == Element.FLOAT) {
      throw new InputException(
          "HLA_STATE_COLUMNS",
          String.format(
              Locale.ROOT,
              "the last %d tokens of %s were doubles, the columns %s hold floats",
              before.pending().count(),
              sequence.name(),
              layout.names()));
    }
    return new AttendedRows(
        parts(),
        sequence.key,
        inFront,
        before.pending(),
        before.nextPosition(),
        ready,
        (behind, pending) ->
            state.update(
                new StreamedState(next, behind.toBytes(), pending, "", List.of())
                    .holding(columns, arrivals.held())
                    .toBytes()));
  }

  private State inFront(Sequence sequence, StreamedState before, byte[] first) {
    if (before.state() == null) {
      return State.initial(sizes == null ? settings(first) : settings());
    }
    State inFront;
    try {
      inFront = State.fromBytes(before.state());
      AttentionSettings expected = sizes == null ? template(inFront.settings()) : settings();
      StateException.checkSame("continue from a state", expected, inFront.settings());
    } catch (StateException e) {
      throw InputException.of(e, sequence.name());
    }
    return compute.refuseNonFinite()
        ? Overflow.checked(
            inFront,
            sequence.key,
            layout.sequenceType(),
            before.nextPosition() - before.pending().count())
        : inFront;
  }

  /** For heads of the sizes that a first row tells. */
  private AttentionSettings settings(byte[] first) {
    InternalRow row = tokens.unpack(first);
    int[] lengths = new int[3];
    for (int i = 0; i < lengths.length; i++) {
      int at = TokenRow.QUERY + i;
      lengths[i] = row.isNullAt(at) ? -1 : row.getArray(at).numElements();
    }
    HeadSizes found = layout.sizes(lengths, template.numHeads(), template.numKvHeads());
    return template.withSizes(found.headDim(), found.valueDim());
  }

  private Iterator<byte[]> late(Sequence sequence, List<Arrivals.LateRow> late) {
    return late.stream()
        .map(
            row ->
                parts()
                    .output()
                    .of(
                        sequence.key,
                        row.position(),
                        null,
                        tokens.unpack(row.row()),
                        layout.firstKept(),
                        row.error()))
        .iterator();
  }

  /** The rows of one call. */
  private final class Sequence {
    private final SequenceKey key;
    private final List<ArrivedRow> arrived = new ArrayList<>();

    Sequence(Iterator<byte[]> rows) {
      byte[] first = rows.next();
      key = key(first);
      arrived.add(new ArrivedRow(position(first, this), first, false));
      while (rows.hasNext()) {
        byte[] row = rows.next();
        // Spark groups 0.0 with -0.0, which are two sequences.
        if (!key(row).equals(key)) {
          throw new InputException(
              "HLA_INPUT_TYPE",
              name() + " and " + key(row).text(layout.sequenceType()) + " are one group to Spark");
        }
        arrived.add(new ArrivedRow(position(row, this), row, false));
      }
    }

    String name() {
      return key.text(layout.sequenceType());
    }
  }

  private SequenceKey key(byte[] bytes) {
    DataType type = layout.sequenceType();
    if (type == null) {
      return SequenceKey.ONLY;
    }
    InternalRow row = tokens.unpack(bytes);
    if (row.isNullAt(TokenRow.SEQUENCE)) {
      throw new InputException(
          "HLA_INPUT_NULL", "a row has a null sequence in column " + layout.sequenceName());
    }
    // The bytes are this row's own.
    return SequenceKey.view(row.get(TokenRow.SEQUENCE, type));
  }

  private long position(byte[] bytes, Sequence sequence) {
    InternalRow row = tokens.unpack(bytes);
    if (row.isNullAt(TokenRow.POSITION)) {
      throw new InputException(
          "HLA_INPUT_NULL", "a row of " + sequence.name() + " has a null position");
    }
    return row.getLong(TokenRow.POSITION);
  }

  private Parts parts() {
    if (parts == null) {
      TaskKernel kernel = new TaskKernel(compute, layout);
      TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> kernel.close());
      parts = new Parts(layout, compute, tokens, new OutputBytes(outputs, layout), kernel);
    }
    return parts;
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
