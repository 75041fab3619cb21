package io.hla.spark.text;

import io.hla.spark.tokenizer.Tokenizer;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;

/** Pieces of one task to rows of ids; a row is valid until the next one is asked for. */
record MakeIds(Broadcast<Tokenizer> tokenizer, Broadcast<TextBlocks> blocks)
    implements FlatMapFunction<Iterator<InternalRow>, InternalRow> {

  @Override
  public Iterator<InternalRow> call(Iterator<InternalRow> pieces) {
    return new Ids(pieces, tokenizer.value(), new BlockPositions(blocks.value()));
  }

  private static final class Ids implements Iterator<InternalRow> {
    private final Iterator<InternalRow> pieces;
    private final Tokenizer tokenizer;
    private final BlockPositions positions;
    private final IdRow row = IdRow.ofFiles();
    private int[] ids = {};
    private int next;

    Ids(Iterator<InternalRow> pieces, Tokenizer tokenizer, BlockPositions positions) {
      this.pieces = pieces;
      this.tokenizer = tokenizer;
      this.positions = positions;
    }

    @Override
    public boolean hasNext() {
      while (next == ids.length) {
        if (!pieces.hasNext()) {
          positions.leave();
          return false;
        }
        InternalRow piece = pieces.next();
        positions.enter(piece);
        row.begin(positions.sequence());
        ids = tokenizer.encode(piece.getBinary(TextBlocks.PIECE));
        next = 0;
      }
      return true;
    }

    @Override
    public UnsafeRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return row.of(positions.next(), ids[next++]);
    }
  }
}
