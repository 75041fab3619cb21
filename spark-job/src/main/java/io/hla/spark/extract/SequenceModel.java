package io.hla.spark.extract;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.spark.ComputeSettings;
import io.hla.spark.InputException;
import io.hla.spark.extract.Features.Kind;
import io.hla.spark.state.InitialStates;
import io.hla.spark.state.SequenceState;
import io.hla.spark.stream.RowBytes;
import io.hla.spark.stream.SequenceProcessor;
import io.hla.spark.stream.SequenceRows;
import io.hla.spark.stream.StreamOptions;
import io.hla.spark.stream.StreamedState;
import io.hla.spark.table.IdSelection;
import io.hla.spark.table.Overflow;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A model as a stateful processor: rows of ids in, rows of features out; the states of all layers
 * of a sequence are one value of the state store.
 */
final class SequenceModel extends SequenceProcessor {
  private static final long serialVersionUID = 1L;

  /** The name of the state variable. */
  static final String STATE = "model";

  private final Broadcast<DecoderModel> model;
  private final String fingerprint;
  private final int layers;
  private final HiddenLayout layout;
  private final FeatureColumns columns;
  private final ComputeSettings compute;
  private final RowBytes outputs;
  private final String waitingColumns;
  private transient ModelTask task;

  /**
   * @param layers that are computed, from the first
   * @param ids rows as {@link IdSelection} lays them out
   * @param states rows as {@link ModelStates#columns} selects them; null if there are none
   * @param outputs rows of features, with an error behind them if options say so
   */
  SequenceModel(
      Broadcast<DecoderModel> model,
      int layers,
      HiddenLayout layout,
      FeatureColumns columns,
      ComputeSettings compute,
      StreamOptions options,
      RowBytes ids,
      RowBytes states,
      RowBytes outputs) {
    super(
        STATE,
        new SequenceRows(
            ids,
            layout.sequenceType(),
            layout.sequenceName(),
            IdSelection.POSITION,
            IdSelection.SEQUENCE),
        states,
        options,
        compute.requireStates());
    this.model = model;
    fingerprint = model.value().fingerprint();
    this.layers = layers;
    this.layout = layout;
    this.columns = columns;
    this.compute = compute;
    this.outputs = outputs;
    waitingColumns = columns.scored() ? ids.schema().toDDL() : "";
  }

  // --- States ---

  @Override
  protected StreamedState initial(InternalRow row, StreamedState before) {
    ModelStates table = new ModelStates(layout.sequenceType(), fingerprint);
    int layer = table.layer(row);
    if (layer >= layers) {
      return null;
    }
    SequenceState read =
        new InitialStates(layout.sequenceType()).read(row, model.value().attention(layer));
    String sequence = rows().text(read.sequence());
    if (before != null && before.nextPosition() != read.nextPosition()) {
      throw new InputException(
          "HLA_STATE_DAMAGED",
          String.format(
              Locale.ROOT,
              "the state of layer %d of %s goes on at position %d, that of another at %d",
              layer + 1,
              sequence,
              read.nextPosition(),
              before.nextPosition()));
    }
    LayerStates known =
        before == null
            ? LayerStates.none(fingerprint, layers)
            : LayerStates.fromBytes(before.state());
    if (known.layers().get(layer) != null) {
      throw new InputException(
          "HLA_STATE_DUPLICATE",
          String.format(
              Locale.ROOT,
              "there are several initial states of layer %d for %s",
              layer + 1,
              sequence));
    }
    return StreamedState.behind(read.nextPosition(), known.with(layer, read.state()).toBytes());
  }

  /** What is known of a sequence, checked to be of this model. */
  private LayerStates known(SequenceKey sequence, StreamedState before) {
    LayerStates known = LayerStates.fromBytes(before.state());
    new ModelStates(layout.sequenceType(), fingerprint).checkModel(known.model());
    if (known.layers().size() != layers) {
      throw new InputException(
          "HLA_STATE_SETTINGS",
          String.format(
              Locale.ROOT,
              "%s has states of %d layers, features %s need %d",
              rows().text(sequence),
              known.layers().size(),
              columns.features(),
              layers));
    }
    if (known.waiting() != null && !known.waitingColumns().equals(waitingColumns)) {
      throw new InputException(
          "HLA_STATE_COLUMNS",
          String.format(
              Locale.ROOT,
              "the last token of %s waits for its score with columns %s, expected %s",
              rows().text(sequence),
              known.waitingColumns(),
              columns.scored() ? waitingColumns : "scores to be asked for"));
    }
    return known;
  }

  private State inFront(SequenceKey sequence, int layer, byte[] known, long next) {
    String name = rows().text(sequence);
    if (known == null) {
      throw new InputException(
          "HLA_STATE_REQUIRED",
          String.format(
              Locale.ROOT,
              "%s has no initial state of layer %d, expected one of each of %d layers",
              name,
              layer + 1,
              layers));
    }
    AttentionSettings expected = model.value().attention(layer);
    State state;
    try {
      state = State.fromBytes(known);
      StateException.checkSame("continue from a state", expected, state.settings());
    } catch (StateException e) {
      throw InputException.of(e, name + ", layer " + (layer + 1));
    }
    return compute.refuseNonFinite()
        ? Overflow.checked(state, sequence, layout.sequenceType(), next)
        : state;
  }

  // --- Tokens ---

  @Override
  protected Iterator<byte[]> outputs(
      SequenceKey sequence,
      StreamedState before,
      List<byte[]> ready,
      Consumer<StreamedState> behind) {
    long next = before.nextPosition();
    LayerStates known = before.state() == null ? null : known(sequence, before);
    List<State> inFront = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      inFront.add(
          known == null
              ? State.initial(model.value().attention(layer))
              : inFront(sequence, layer, known.layers().get(layer), next));
    }
    long end = next + ready.size();
    List<byte[]> states =
        task()
            .start(
                sequence,
                next,
                rows().packing().unpackEach(ready),
                inFront,
                known == null ? null : known.waiting());
    return new Iterator<>() {
      private final Iterator<InternalRow> features = task.features();
      private boolean ended;

      @Override
      public boolean hasNext() {
        if (!ended && !features.hasNext()) {
          ended = true;
          byte[] waiting = task.waiting();
          LayerStates all = new LayerStates(fingerprint, states, waitingColumns, waiting);
          behind.accept(StreamedState.behind(end, all.toBytes()));
        }
        return !ended;
      }

      @Override
      public byte[] next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return output(features.next());
      }
    };
  }

  private byte[] output(InternalRow features) {
    int count = features.numFields();
    if (outputs.schema().length() == count) {
      return outputs.pack(features);
    }
    GenericInternalRow row = new GenericInternalRow(count + 1);
    for (int i = 0; i < count; i++) {
      DataType type = outputs.schema().fields()[i].dataType();
      row.update(i, features.isNullAt(i) ? null : features.get(i, type));
    }
    return outputs.pack(row);
  }

  @Override
  protected byte[] late(SequenceKey sequence, long position, byte[] row, String error) {
    InternalRow token = rows().packing().unpack(row);
    GenericInternalRow out = new GenericInternalRow(outputs.schema().length());
    int at = 0;
    int kept = IdSelection.SEQUENCE;
    if (layout.sequenceType() != null) {
      out.update(at++, sequence.value());
      kept++;
    }
    out.update(at++, position);
    at += columns.features().kind() == Kind.NONE ? 0 : 1;
    at += columns.scored() ? 1 : 0;
    for (DataType type : layout.keptTypes()) {
      out.update(at++, token.isNullAt(kept) ? null : token.get(kept, type));
      kept++;
    }
    out.update(at, UTF8String.fromString(error));
    return outputs.pack(out);
  }

  private ModelTask task() {
    if (task == null) {
      ModelTask opened = new ModelTask(model.value(), layers, layout, columns, compute);
      TaskContext.get()
          .addTaskCompletionListener((TaskCompletionListener) context -> opened.close());
      task = opened;
    }
    return task;
  }
}
