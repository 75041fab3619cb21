package io.hla.spark.text;

import io.hla.spark.tokenizer.WordSplitter;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.unsafe.types.UTF8String;

/** Pieces of one task to rows of {@link TextTokens#schema()}, one per word. */
record MakeTokens(Broadcast<EmbeddingModel> model, Broadcast<TextBlocks> blocks)
    implements FlatMapFunction<Iterator<InternalRow>, InternalRow> {

  @Override
  public Iterator<InternalRow> call(Iterator<InternalRow> pieces) {
    return new Tokens(pieces, model.value(), new BlockPositions(blocks.value()));
  }

  private static final class Tokens implements Iterator<InternalRow> {
    private final Iterator<InternalRow> pieces;
    private final EmbeddingModel model;
    private final BlockPositions positions;
    private WordSplitter words = new WordSplitter("");
    private boolean found;

    Tokens(Iterator<InternalRow> pieces, EmbeddingModel model, BlockPositions positions) {
      this.pieces = pieces;
      this.model = model;
      this.positions = positions;
    }

    @Override
    public boolean hasNext() {
      while (!found) {
        if (words.next()) {
          found = true;
        } else if (pieces.hasNext()) {
          InternalRow piece = pieces.next();
          positions.enter(piece);
          words =
              new WordSplitter(
                  new String(piece.getBinary(TextBlocks.PIECE), StandardCharsets.UTF_8));
        } else {
          positions.leave();
          return false;
        }
      }
      return true;
    }

    @Override
    public InternalRow next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      found = false;
      String word = words.word();
      int id = model.vocabulary().id(word);
      return new GenericInternalRow(
          new Object[] {
            positions.sequence(),
            positions.next(),
            model.queries().array(id),
            model.keys().array(id),
            model.values().array(id),
            UTF8String.fromString(word),
            id
          });
    }
  }
}
