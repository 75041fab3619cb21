package io.hla.spark.stream;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.spark.Attention;
import io.hla.spark.ComputeSettings;
import io.hla.spark.InputException;
import io.hla.spark.state.InitialStates;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.Overflow;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenRow;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.util.TaskCompletionListener;

/** Attention as a stateful processor. */
final class SequenceAttention extends SequenceProcessor {
  private static final long serialVersionUID = 1L;

  /** The name of the state variable. */
  static final String STATE = "attention";

  private final TokenRow layout;
  private final AttentionSettings template;
  private final HeadSizes sizes;
  private final ComputeSettings compute;
  private final RowBytes outputs;
  private transient TaskKernel kernel;
  private transient OutputBytes output;

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
    super(
        STATE,
        new SequenceRows(
            tokens,
            layout.sequenceType(),
            layout.sequenceName(),
            TokenRow.POSITION,
            TokenRow.SEQUENCE),
        states,
        options,
        request.compute().requireStates());
    this.layout = layout;
    template = request.settings(1, 1);
    sizes = request.sizes();
    compute = request.compute();
    this.outputs = outputs;
  }

  @Override
  protected StreamedState initial(InternalRow row, StreamedState before) {
    InitialStates reader = new InitialStates(layout.sequenceType());
    AttentionSettings named = reader.settings(row);
    SequenceState read =
        reader.read(row, named == null || sizes != null ? settings() : template(named));
    if (before != null) {
      throw new InputException(
          "HLA_STATE_DUPLICATE",
          "there are several initial states for " + rows().text(read.sequence()));
    }
    return StreamedState.behind(read.nextPosition(), read.state());
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
  protected Iterator<byte[]> outputs(
      SequenceKey sequence,
      StreamedState before,
      List<byte[]> ready,
      Consumer<StreamedState> behind) {
    long next = before.nextPosition() + ready.size();
    State inFront = inFront(sequence, before, ready.get(0));
    AttendedRows attended =
        new AttendedRows(
            kernel(),
            sequence,
            inFront,
            before.nextPosition(),
            rows().packing().unpackEach(ready),
            state -> behind.accept(StreamedState.behind(next, state.toBytes())));
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return attended.hasNext();
      }

      @Override
      public byte[] next() {
        return output().of(sequence, attended.next());
      }
    };
  }

  private State inFront(SequenceKey sequence, StreamedState before, byte[] first) {
    if (before.state() == null) {
      return State.initial(sizes == null ? settings(first) : settings());
    }
    State inFront;
    try {
      inFront = State.fromBytes(before.state());
      AttentionSettings expected = sizes == null ? template(inFront.settings()) : settings();
      StateException.checkSame("continue from a state", expected, inFront.settings());
    } catch (StateException e) {
      throw InputException.of(e, rows().text(sequence));
    }
    return compute.refuseNonFinite()
        ? Overflow.checked(inFront, sequence, layout.sequenceType(), before.nextPosition())
        : inFront;
  }

  /** For heads of the sizes that a first row tells. */
  private AttentionSettings settings(byte[] first) {
    InternalRow row = rows().packing().unpack(first);
    int[] lengths = new int[3];
    for (int i = 0; i < lengths.length; i++) {
      int at = TokenRow.QUERY + i;
      lengths[i] = row.isNullAt(at) ? -1 : row.getArray(at).numElements();
    }
    HeadSizes found = layout.sizes(lengths, template.numHeads(), template.numKvHeads());
    return template.withSizes(found.headDim(), found.valueDim());
  }

  @Override
  protected byte[] late(SequenceKey sequence, long position, byte[] row, String error) {
    InternalRow token = rows().packing().unpack(row);
    return output().of(sequence, position, null, token, layout.firstKept(), error);
  }

  private OutputBytes output() {
    if (output == null) {
      output = new OutputBytes(outputs, layout.sequenceType() != null, layout.keptTypes());
    }
    return output;
  }

  private TaskKernel kernel() {
    if (kernel == null) {
      TaskKernel opened = new TaskKernel(compute, layout);
      TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> opened.close());
      kernel = opened;
    }
    return kernel;
  }
}
