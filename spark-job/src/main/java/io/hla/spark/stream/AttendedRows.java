package io.hla.spark.stream;

import io.hla.algebra.State;
import io.hla.kernels.Applier;
import io.hla.spark.table.Overflow;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenBuffer;
import io.hla.spark.table.TokenRow;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * The output rows of consecutive tokens of one sequence, ([seq], pos, o, kept columns), a buffer at
 * a time. Behind the last buffer the state of the sequence is given away, in front of its rows. The
 * row object is used again.
 */
public final class AttendedRows implements Iterator<InternalRow> {
  private final TaskKernel kernel;
  private final SequenceKey sequence;
  private final Iterator<InternalRow> tokens;
  private final Consumer<State> behind;
  private final Applier applier;
  private final TokenBuffer buffer;
  private final List<DataType> keptTypes;
  private final int position;
  private final GenericInternalRow out;
  private int token;

  /**
   * Computes the first buffer.
   *
   * @param kernel of the task; this takes it from whoever had it before
   * @param inFront the state in front of the first token
   * @param next position of the first token
   * @param tokens at least one, as the layout of the kernel says
   * @param behind is given the state behind all tokens
   */
  public AttendedRows(
      TaskKernel kernel,
      SequenceKey sequence,
      State inFront,
      long next,
      Iterator<InternalRow> tokens,
      Consumer<State> behind) {
    this.kernel = kernel;
    this.sequence = sequence;
    this.tokens = tokens;
    this.behind = behind;
    TokenRow layout = kernel.layout();
    keptTypes = layout.keptTypes();
    position = layout.sequenceType() == null ? 0 : 1;
    out = new GenericInternalRow(position + 2 + keptTypes.size());
    if (position == 1) {
      out.update(0, sequence.value());
    }
    applier = kernel.from(inFront);
    buffer = kernel.buffer();
    buffer.startAt(sequence, next);
    fill();
  }

  @Override
  public boolean hasNext() {
    if (token == buffer.size() && tokens.hasNext()) {
      buffer.startAt(sequence, buffer.start() + buffer.size());
      token = 0;
      fill();
    }
    return token < buffer.size();
  }

  private void fill() {
    while (!buffer.isFull() && tokens.hasNext()) {
      buffer.read(tokens.next());
    }
    buffer.apply(applier);
    if (!tokens.hasNext()) {
      State last = applier.state();
      if (kernel.refusesNonFinite()) {
        long next = buffer.start() + buffer.size();
        Overflow.checked(last, sequence, kernel.layout().sequenceType(), next);
      }
      behind.accept(last);
    }
  }

  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    out.update(position, buffer.start() + token);
    out.update(position + 1, buffer.output(token));
    InternalRow kept = keptTypes.isEmpty() ? null : buffer.kept(token);
    for (int i = 0; i < keptTypes.size(); i++) {
      out.update(position + 2 + i, kept.isNullAt(i) ? null : kept.get(i, keptTypes.get(i)));
    }
    token++;
    return out;
  }
}
