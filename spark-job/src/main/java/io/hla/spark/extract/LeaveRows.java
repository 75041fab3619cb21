package io.hla.spark.extract;

import io.hla.kernels.Element;
import io.hla.layers.Activations;
import io.hla.layers.LayerKernel;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * The outputs of a layer's attention, rows ([seq], pos, o, hidden vector, id, kept columns), to
 * rows of hidden vectors: norm of every head, gate, projection, residual, then the MLP with its
 * own. Or to rows with the outputs themselves in place of hidden vectors.
 */
final class LeaveRows extends TokenBatches {
  private final LayerKernel kernel;
  private final DecoderModel.Layer weights;
  private final double epsilon;
  private final HiddenLayout layout;
  private final boolean attentionAlone;
  private final int first;
  private final Activations attended;
  private final Activations hidden;
  private final Activations normed;
  private final Activations outputGate;
  private final Activations mlpGate;
  private final Activations mlpUp;
  private final long[] positions = new long[CAPACITY];
  private final int[] ids = new int[CAPACITY];
  private final OtherColumns others;
  private final VectorRow out;

  /**
   * @param attentionAlone whether the rows are to hold the attention's outputs
   */
  LeaveRows(
      Iterator<InternalRow> rows,
      DecoderModel model,
      int layer,
      HiddenLayout layout,
      LayerKernel kernel,
      boolean attentionAlone) {
    super(rows, CAPACITY);
    this.kernel = kernel;
    this.layout = layout;
    this.attentionAlone = attentionAlone;
    weights = model.layer(layer);
    epsilon = model.config().normEpsilon();
    first = layout.sequenceType() == null ? 0 : 1;
    Element element = model.element();
    int width = model.hiddenSize();
    int inner = weights.mlpUp().out();
    int outputs = weights.output().in();
    attended = new Activations(element, CAPACITY, outputs);
    hidden = new Activations(element, CAPACITY, width);
    normed = new Activations(element, CAPACITY, width);
    outputGate = weights.outputGate() == null ? null : new Activations(element, CAPACITY, outputs);
    mlpGate = new Activations(element, CAPACITY, inner);
    mlpUp = new Activations(element, CAPACITY, inner);
    others = new OtherColumns(layout, CAPACITY);
    out = new VectorRow(layout.columns());
    out.show(HiddenLayout.HIDDEN, attentionAlone ? attended : hidden);
  }

  @Override
  void read(InternalRow row, int token) {
    positions[token] = row.getLong(first);
    VectorRow.copyFrom(row, first + 1, attended, token);
    VectorRow.copyFrom(row, first + 2, hidden, token);
    ids[token] = row.getInt(first + 3);
    others.read(token, row, 0, first + 4);
  }

  @Override
  void compute(int tokens) {
    if (attentionAlone) {
      return;
    }
    if (weights.headNorm() != null) {
      kernel.rmsNorm(weights.headNorm(), epsilon, attended, attended, tokens);
    }
    if (outputGate != null) {
      kernel.rmsNorm(weights.attentionNorm(), epsilon, hidden, normed, tokens);
      kernel.linear(weights.outputGate(), normed, outputGate, tokens);
      kernel.multiplySwish(outputGate, attended, tokens);
    }
    kernel.addLinear(weights.output(), attended, hidden, tokens);
    kernel.rmsNorm(weights.mlpNorm(), epsilon, hidden, normed, tokens);
    kernel.linear(weights.mlpGate(), normed, mlpGate, tokens);
    kernel.linear(weights.mlpUp(), normed, mlpUp, tokens);
    kernel.multiplySwish(mlpGate, mlpUp, tokens);
    kernel.addLinear(weights.mlpDown(), mlpUp, hidden, tokens);
  }

  @Override
  InternalRow row(int token) {
    out.update(HiddenLayout.POSITION, positions[token]);
    out.update(HiddenLayout.ID, ids[token]);
    others.write(token, out, HiddenLayout.SEQUENCE, layout.firstKept());
    return out.at(token);
  }
}
