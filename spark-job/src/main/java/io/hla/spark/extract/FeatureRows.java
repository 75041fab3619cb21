package io.hla.spark.extract;

import io.hla.layers.Activations;
import io.hla.layers.LayerKernel;
import io.hla.spark.extract.Features.Kind;
import java.util.Iterator;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;

/**
 * Rows of hidden vectors to rows of features: ([seq], pos, features unless there are none, log
 * probability if there are scores, kept columns).
 */
final class FeatureRows extends TokenBatches {
  /** About the most numbers of logits that a batch has. */
  private static final int MOST_LOGITS = 1 << 20;

  private final LayerKernel kernel;
  private final DecoderModel model;
  private final FeatureColumns columns;
  private final int position;
  private final Activations hidden;
  private final Activations logits;
  private final long[] positions;
  private final int[] targets;
  private final boolean[] known;
  private final double[] scores;
  private final OtherColumns others;
  private final VectorWriter writer;
  private final GenericInternalRow out;

  /**
   * @param width of the vectors
   */
  FeatureRows(
      Iterator<InternalRow> rows,
      DecoderModel model,
      int width,
      HiddenLayout layout,
      FeatureColumns columns,
      LayerKernel kernel) {
    this(rows, model, width, layout, columns, kernel, capacity(model, columns));
  }

  private FeatureRows(
      Iterator<InternalRow> rows,
      DecoderModel model,
      int width,
      HiddenLayout layout,
      FeatureColumns columns,
      LayerKernel kernel,
      int capacity) {
    super(rows, capacity);
    this.kernel = kernel;
    this.model = model;
    this.columns = columns;
    position = layout.sequenceType() == null ? 0 : 1;
    hidden = new Activations(model.element(), capacity, width);
    logits =
        columns.scored()
            ? new Activations(model.element(), capacity, model.config().vocabSize())
            : null;
    positions = new long[capacity];
    targets = new int[capacity];
    known = new boolean[capacity];
    scores = new double[capacity];
    others = new OtherColumns(layout, capacity);
    writer = new VectorWriter(columns.dtype(), columns.l2(), width);
    out = new GenericInternalRow(columns.count(layout));
  }

  private static int capacity(DecoderModel model, FeatureColumns columns) {
    int most = MOST_LOGITS / model.config().vocabSize();
    return columns.scored() ? Math.max(8, Math.min(CAPACITY, most)) : CAPACITY;
  }

  @Override
  void read(InternalRow row, int token) {
    positions[token] = row.getLong(HiddenLayout.POSITION);
    known[token] = !row.isNullAt(HiddenLayout.NEXT);
    targets[token] = known[token] ? row.getInt(HiddenLayout.NEXT) : 0;
    VectorRow.copyFrom(row, HiddenLayout.HIDDEN, hidden, token);
    others.read(token, row);
  }

  @Override
  void compute(int tokens) {
    Kind kind = columns.features().kind();
    if (kind == Kind.HIDDEN || kind == Kind.NONE) {
      kernel.rmsNorm(model.finalNorm(), model.config().normEpsilon(), hidden, hidden, tokens);
    }
    if (logits != null) {
      kernel.linear(model.head(), hidden, logits, tokens);
      kernel.logProbability(logits, targets, scores, tokens);
    }
  }

  @Override
  InternalRow row(int token) {
    int at = position;
    out.update(at++, positions[token]);
    if (columns.features().kind() != Kind.NONE) {
      out.update(at++, writer.write(hidden, token));
    }
    if (logits != null) {
      out.update(at++, known[token] ? scores[token] : null);
    }
    others.write(token, out, 0, at);
    return out;
  }
}
