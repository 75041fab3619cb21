package io.hla.spark.text;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import java.io.Serializable;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * Where the blocks of the text files lie in their sequences. A block is the part of a file that a
 * task reads in one go: the pieces that begin in it, in file order. Blocks arrive in any order.
 *
 * <p>Kryo, which clusters may set for what goes between processes, cannot read records by itself.
 *
 * @param places by block
 */
@DefaultSerializer(JavaSerializer.class)
record TextBlocks(Map<Block, Place> places) implements Serializable {
  /** Ordinals of a row of text: the piece, the file as an encoded URI, the block's first byte. */
  static final int PIECE = 0;

  static final int FILE = 1;
  static final int START = 2;

  /** A block by its file and first byte. */
  record Block(UTF8String file, long start) implements Serializable {
    static Block of(InternalRow piece) {
      return new Block(piece.getUTF8String(FILE).copy(), piece.getLong(START));
    }

    /** Whether {@code piece} is one of this block. */
    boolean holds(InternalRow piece) {
      return start == piece.getLong(START) && file.equals(piece.getUTF8String(FILE));
    }

    @Override
    public String toString() {
      return path(file) + " from byte " + start;
    }
  }

  /** The tokens of a block, and how many of them have id 0: words that the vocabulary lacks. */
  @DefaultSerializer(JavaSerializer.class)
  record Count(Block block, long tokens, long unknown) implements Serializable {}

  /** The sequence that a block belongs to, the position of its first token, and its tokens. */
  record Place(String sequence, long first, long tokens) implements Serializable {}

  /** Orders the counted blocks: positions run through each file from 0. */
  static TextBlocks of(List<Count> counts) {
    Map<UTF8String, String> sequences = sequences(counts);
    List<Count> ordered = new ArrayList<>(counts);
    ordered.sort(
        Comparator.comparing((Count count) -> count.block.file)
            .thenComparingLong(count -> count.block.start));
    Map<Block, Place> places = new HashMap<>();
    UTF8String file = null;
    long next = 0;
    for (Count count : ordered) {
      next = count.block.file.equals(file) ? next : 0;
      file = count.block.file;
      places.put(count.block, new Place(sequences.get(file), next, count.tokens));
      next += count.tokens;
    }
    return new TextBlocks(places);
  }

  /** The sequence of each file: its last name, or all of its path when another has that name. */
  private static Map<UTF8String, String> sequences(List<Count> counts) {
    Set<UTF8String> files = new HashSet<>();
    Map<String, Integer> uses = new HashMap<>();
    for (Count count : counts) {
      if (files.add(count.block.file)) {
        uses.merge(path(count.block.file).getName(), 1, Integer::sum);
      }
    }
    Map<UTF8String, String> sequences = new HashMap<>();
    for (UTF8String file : files) {
      Path path = path(file);
      sequences.put(file, uses.get(path.getName()) == 1 ? path.getName() : path.toString());
    }
    return sequences;
  }

  private static Path path(UTF8String file) {
    return new Path(URI.create(file.toString()));
  }
}
