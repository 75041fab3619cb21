package io.hla.spark.extract;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Element;
import io.hla.layers.Activations;
import io.hla.layers.LayerKernel;
import io.hla.spark.table.TokenRow;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Rows of hidden vectors to the tokens of a layer's attention: norm, then projections to queries,
 * keys, values and gates. The hidden vector and the id are kept beside them.
 */
final class EnterRows extends TokenBatches {
  private final LayerKernel kernel;
  private final DecoderModel.Layer weights;
  private final double epsilon;
  private final double gateNormalizer;
  private final Activations hidden;
  private final Activations normed;
  private final Activations query;
  private final Activations key;
  private final Activations value;
  private final Activations gateLogits;
  private final Activations gate;
  private final long[] positions = new long[CAPACITY];
  private final int[] ids = new int[CAPACITY];
  private final OtherColumns others;
  private final VectorRow out;
  private final int firstKept;

  EnterRows(
      Iterator<InternalRow> rows,
      DecoderModel model,
      int layer,
      HiddenLayout layout,
      LayerKernel kernel) {
    super(rows, CAPACITY);
    this.kernel = kernel;
    weights = model.layer(layer);
    epsilon = model.config().normEpsilon();
    gateNormalizer = model.config().gateLogitNormalizer();
    AttentionSettings settings = model.attention(layer);
    Element element = model.element();
    hidden = new Activations(element, CAPACITY, model.hiddenSize());
    normed = new Activations(element, CAPACITY, model.hiddenSize());
    query = new Activations(element, CAPACITY, settings.queryWidth());
    key = new Activations(element, CAPACITY, settings.keyWidth());
    value = new Activations(element, CAPACITY, settings.valueWidth());
    boolean gated = weights.gate() != null;
    gateLogits = gated ? new Activations(element, CAPACITY, settings.numHeads()) : null;
    gate = gated ? new Activations(Element.DOUBLE, CAPACITY, settings.numHeads()) : null;
    others = new OtherColumns(layout, CAPACITY);
    TokenRow tokens = layout.tokens(gated);
    firstKept = tokens.firstKept();
    out = new VectorRow(firstKept + tokens.keptTypes().size());
    out.show(tokens.ordinal(0), query);
    out.show(tokens.ordinal(1), key);
    out.show(tokens.ordinal(2), value);
    if (gated) {
      out.show(tokens.ordinal(3), gate);
    }
    out.show(firstKept, hidden);
  }

  @Override
  void read(InternalRow row, int token) {
    positions[token] = row.getLong(HiddenLayout.POSITION);
    ids[token] = row.getInt(HiddenLayout.ID);
    VectorRow.copyFrom(row, HiddenLayout.HIDDEN, hidden, token);
    others.read(token, row);
  }

  @Override
  void compute(int tokens) {
    kernel.rmsNorm(weights.attentionNorm(), epsilon, hidden, normed, tokens);
    kernel.linear(weights.query(), normed, query, tokens);
    kernel.linear(weights.key(), normed, key, tokens);
    kernel.linear(weights.value(), normed, value, tokens);
    if (gate != null) {
      kernel.linear(weights.gate(), normed, gateLogits, tokens);
      for (int i = 0; i < tokens * gate.width(); i++) {
        double bias = weights.gateBias() == null ? 0 : weights.gateBias()[i % gate.width()];
        gate.set(i, logSigmoid(gateLogits.get(i) + bias) / gateNormalizer);
      }
    }
  }

  /** The logarithm of 1 / (1 + exp(-z)), at most 0. */
  private static double logSigmoid(double z) {
    return Math.min(z, 0) - StrictMath.log1p(StrictMath.exp(-Math.abs(z)));
  }

  @Override
  InternalRow row(int token) {
    out.update(TokenRow.POSITION, positions[token]);
    out.update(firstKept + 1, ids[token]);
    others.write(token, out, TokenRow.SEQUENCE, firstKept + 2);
    return out.at(token);
  }
}
