package io.hla.spark.extract;

import io.hla.algebra.State;
import io.hla.kernels.Kernels;
import io.hla.layers.LayerKernel;
import io.hla.spark.ComputeSettings;
import io.hla.spark.extract.Features.Kind;
import io.hla.spark.stream.AttendedRows;
import io.hla.spark.stream.TaskKernel;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * All layers of a model in one task: consecutive tokens of one sequence after another go through
 * them, a batch at a time, each layer from its state on.
 */
final class ModelTask implements AutoCloseable {
  private final Source ids = new Source();
  private final List<Stage> stages = new ArrayList<>();
  private final FollowedRows followed;
  private final FeatureRows features;

  /**
   * The attention of a layer.
   *
   * @param tokens come from the layer below
   * @param attended the outputs for what is above
   */
  private record Stage(TaskKernel kernel, Iterator<InternalRow> tokens, Source attended) {}

  /**
   * @param layers that are computed, from the first
   */
  ModelTask(
      DecoderModel model,
      int layers,
      HiddenLayout layout,
      FeatureColumns columns,
      ComputeSettings compute) {
    LayerKernel kernel =
        LayerKernel.of(Kernels.choose(compute.kernels(), compute.instructionSet()));
    boolean attention = columns.features().kind() == Kind.ATTENTION;
    Iterator<InternalRow> hidden = new EmbedRows(ids, model, layout);
    for (int layer = 0; layer < layers; layer++) {
      EnterRows tokens = new EnterRows(hidden, model, layer, layout, kernel);
      Source attended = new Source();
      boolean gated = model.attention(layer).gated();
      stages.add(new Stage(new TaskKernel(compute, layout.tokens(gated)), tokens, attended));
      boolean alone = attention && layer == layers - 1;
      hidden = new LeaveRows(attended, model, layer, layout, kernel, alone);
    }
    followed = columns.scored() ? new FollowedRows(hidden, layout) : null;
    int width = attention ? model.attention(layers - 1).outputWidth() : model.hiddenSize();
    features =
        new FeatureRows(
            columns.scored() ? followed : hidden, model, width, layout, columns, kernel);
  }

  /**
   * Sends tokens through the layers. What {@link #features} gives are their features; it has to be
   * read to its end before the next tokens.
   *
   * @param next position of the first token
   * @param rows of ids
   * @param inFront the states in front of them, of all layers
   * @param waiting what {@link #waiting} said of the tokens before, or null
   * @return the states behind the tokens once the features have been read
   */
  List<byte[]> start(
      SequenceKey sequence,
      long next,
      Iterator<InternalRow> rows,
      List<State> inFront,
      byte[] waiting) {
    ids.rows = rows;
    if (followed != null) {
      followed.startBehind(waiting);
    }
    List<byte[]> behind = new ArrayList<>(Collections.nCopies(stages.size(), (byte[]) null));
    for (int i = 0; i < stages.size(); i++) {
      int layer = i;
      Stage stage = stages.get(layer);
      stage.attended.rows =
          new AttendedRows(
              stage.kernel,
              sequence,
              inFront.get(layer),
              next,
              stage.tokens,
              state -> behind.set(layer, state.toBytes()));
    }
    return behind;
  }

  /** Rows of features, with scores one behind the tokens. */
  Iterator<InternalRow> features() {
    return features;
  }

  /** The row of the last token, which waits for its score; null without scores. */
  byte[] waiting() {
    return followed == null ? null : followed.waiting();
  }

  @Override
  public void close() {
    stages.forEach(stage -> stage.kernel.close());
  }

  /** Rows from wherever the sequence at hand has them. */
  private static final class Source implements Iterator<InternalRow> {
    private Iterator<InternalRow> rows = Collections.emptyIterator();

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public InternalRow next() {
      return rows.next();
    }
  }
}
