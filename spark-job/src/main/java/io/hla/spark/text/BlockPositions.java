package io.hla.spark.text;

import io.hla.spark.InputException;
import io.hla.spark.text.TextBlocks.Block;
import io.hla.spark.text.TextBlocks.Place;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Sequence and position of the tokens of one task, block after block. Refuses a block whose tokens
 * are not as many as were counted: HLA_INPUT_CHANGED.
 */
final class BlockPositions {
  private final TextBlocks blocks;
  private Block block;
  private UTF8String sequence;
  private long position;
  private long end;

  BlockPositions(TextBlocks blocks) {
    this.blocks = blocks;
  }

  /** Goes on with a piece, of the same block or another one. */
  void enter(InternalRow piece) {
    if (block == null || !block.holds(piece)) {
      leave();
      Block next = Block.of(piece);
      Place place = blocks.places().get(next);
      if (place == null) {
        throw changed(next, "has text now and had none when its tokens were counted");
      }
      block = next;
      sequence = UTF8String.fromString(place.sequence());
      position = place.first();
      end = position + place.tokens();
    }
  }

  /** The sequence of the block. */
  UTF8String sequence() {
    return sequence;
  }

  /** The position of the next token. */
  long next() {
    return position++;
  }

  /** To be called behind the last piece, too. */
  void leave() {
    if (position != end) {
      String more = position > end ? "more" : "fewer";
      throw changed(
          block, "has " + Math.abs(position - end) + " tokens " + more + " than were counted");
    }
  }

  private static InputException changed(Block block, String how) {
    return new InputException("HLA_INPUT_CHANGED", block + " " + how);
  }
}
