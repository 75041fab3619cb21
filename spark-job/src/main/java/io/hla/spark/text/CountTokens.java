package io.hla.spark.text;

import io.hla.spark.text.TextBlocks.Block;
import io.hla.spark.text.TextBlocks.Count;
import io.hla.spark.tokenizer.Tokenizer;
import io.hla.spark.tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;

/** Pieces of one task to the token counts of its blocks. */
record CountTokens(Broadcast<? extends Tokenizer> tokenizer)
    implements FlatMapFunction<Iterator<InternalRow>, Count> {

  @Override
  public Iterator<Count> call(Iterator<InternalRow> pieces) {
    Tokenizer ids = tokenizer.value();
    List<Count> counts = new ArrayList<>();
    Block block = null;
    long tokens = 0;
    long unknown = 0;
    while (pieces.hasNext()) {
      InternalRow piece = pieces.next();
      if (block == null || !block.holds(piece)) {
        if (block != null) {
          counts.add(new Count(block, tokens, unknown));
        }
        block = Block.of(piece);
        tokens = 0;
        unknown = 0;
      }
      for (int id : ids.encode(piece.getBinary(TextBlocks.PIECE))) {
        tokens++;
        unknown += id == Vocabulary.UNKNOWN ? 1 : 0;
      }
    }
    if (block != null) {
      counts.add(new Count(block, tokens, unknown));
    }
    return counts.iterator();
  }
}
