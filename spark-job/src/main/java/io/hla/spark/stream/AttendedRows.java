package io.hla.spark.stream;

import io.hla.algebra.State;
import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.spark.table.Overflow;
import io.hla.spark.table.PackedTokens;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.BiConsumer;

/**
 * The output rows of consecutive tokens of one sequence, a buffer at a time. Behind the last buffer
 * the state of the sequence is given away, in front of its rows.
 */
final class AttendedRows implements Iterator<byte[]> {
  private final SequenceAttention.Parts parts;
  private final SequenceKey sequence;
  private final List<byte[]> rows;
  private final BiConsumer<State, PackedTokens> behind;
  private final TaskKernel kernel;
  private final Applier applier;
  private final TokenBuffer buffer;
  private int read;
  private int token;

  /**
   * @param inFront the state in front of the pending tokens
   * @param pending tokens that have their outputs
   * @param next position of the first row
   * @param rows tokens, at least one; rows that were read are forgotten
   * @param behind is given the state behind all tokens but those that are pending then
   */
  AttendedRows(
      SequenceAttention.Parts parts,
      SequenceKey sequence,
      State inFront,
      PackedTokens pending,
      long next,
      List<byte[]> rows,
      BiConsumer<State, PackedTokens> behind) {
    this.parts = parts;
    this.sequence = sequence;
    this.rows = rows;
    this.behind = behind;
    kernel = parts.kernel();
    applier = kernel.from(inFront);
    buffer = kernel.buffer();
    buffer.startAt(sequence, next - pending.count());
    buffer.read(pending);
    token = pending.count();
    fill();
  }

  @Override
  public boolean hasNext() {
    if (token == buffer.size() && read < rows.size()) {
      buffer.startAt(sequence, buffer.start() + buffer.size());
      token = 0;
      fill();
    }
    return token < buffer.size();
  }

  private void fill() {
    while (!buffer.isFull() && read < rows.size()) {
      buffer.read(parts.tokens().unpack(rows.set(read, null)));
      read++;
    }
    boolean inBlocks = kernel.worksInBlocks() && buffer.size() % AttentionKernel.BLOCK != 0;
    State inFront = inBlocks ? applier.state() : null;
    buffer.apply(applier);
    if (read == rows.size()) {
      State last = applier.state();
      if (parts.compute().refuseNonFinite()) {
        long next = buffer.start() + buffer.size();
        Overflow.checked(last, sequence, parts.layout().sequenceType(), next);
      }
      behind.accept(inBlocks ? inFront : last, inBlocks ? buffer.packed() : PackedTokens.NONE);
    }
  }

  @Override
  public byte[] next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    byte[] row =
        parts
            .output()
            .of(
                sequence,
                buffer.start() + token,
                buffer.output(token),
                parts.layout().keptTypes().isEmpty() ? null : buffer.kept(token),
                0,
                null);
    token++;
    return row;
  }
}
