package io.hla.spark.text;

import io.hla.spark.InputException;
import io.hla.spark.text.TextBlocks.Block;
import io.hla.spark.text.TextBlocks.Place;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.unsafe.types.UTF8String;

/** Lines of one task to rows of {@link TextTokens#schema()}, one per word. */
record MakeTokens(Broadcast<EmbeddingModel> model, Broadcast<TextBlocks> blocks)
    implements FlatMapFunction<Iterator<InternalRow>, InternalRow> {

  @Override
  public Iterator<InternalRow> call(Iterator<InternalRow> lines) {
    return new Tokens(lines, model.value(), blocks.value());
  }

  private static final class Tokens implements Iterator<InternalRow> {
    private final Iterator<InternalRow> lines;
    private final EmbeddingModel model;
    private final TextBlocks blocks;
    private WordSplitter words = new WordSplitter("");
    private Block block;
    private UTF8String sequence;
    private long position;
    private long end;
    private boolean found;

    Tokens(Iterator<InternalRow> lines, EmbeddingModel model, TextBlocks blocks) {
      this.lines = lines;
      this.model = model;
      this.blocks = blocks;
    }

    @Override
    public boolean hasNext() {
      while (!found) {
        if (words.next()) {
          found = true;
        } else if (lines.hasNext()) {
          read(lines.next());
        } else {
          leaveBlock();
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
            sequence,
            position++,
            model.queries().array(id),
            model.keys().array(id),
            model.values().array(id),
            UTF8String.fromString(word),
            id
          });
    }

    private void read(InternalRow line) {
      if (block == null || !block.holds(line)) {
        leaveBlock();
        enterBlock(Block.of(line));
      }
      words = new WordSplitter(line.getString(TextBlocks.LINE));
    }

    private void enterBlock(Block next) {
      Place place = blocks.places().get(next);
      if (place == null) {
        throw changed(next, "has lines now and had none when its words were counted");
      }
      block = next;
      sequence = UTF8String.fromString(place.sequence());
      position = place.first();
      end = position + place.words();
    }

    private void leaveBlock() {
      if (position != end) {
        String more = position > end ? "more" : "fewer";
        throw changed(
            block, "has " + Math.abs(position - end) + " words " + more + " than were counted");
      }
    }

    private static InputException changed(Block block, String how) {
      return new InputException("HLA_INPUT_CHANGED", block + " " + how);
    }
  }
}
