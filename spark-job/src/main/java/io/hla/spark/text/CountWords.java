package io.hla.spark.text;

import io.hla.spark.text.TextBlocks.Block;
import io.hla.spark.text.TextBlocks.Count;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;

/** Lines of one task to the word counts of its blocks. */
record CountWords(Broadcast<EmbeddingModel> model)
    implements FlatMapFunction<Iterator<InternalRow>, Count> {

  @Override
  public Iterator<Count> call(Iterator<InternalRow> lines) {
    Vocabulary vocabulary = model.value().vocabulary();
    List<Count> counts = new ArrayList<>();
    Block block = null;
    long words = 0;
    long unknown = 0;
    while (lines.hasNext()) {
      InternalRow line = lines.next();
      if (block == null || !block.holds(line)) {
        if (block != null) {
          counts.add(new Count(block, words, unknown));
        }
        block = Block.of(line);
        words = 0;
        unknown = 0;
      }
      WordSplitter splitter = new WordSplitter(line.getString(TextBlocks.LINE));
      while (splitter.next()) {
        words++;
        if (vocabulary.id(splitter.word()) == Vocabulary.UNKNOWN) {
          unknown++;
        }
      }
    }
    if (block != null) {
      counts.add(new Count(block, words, unknown));
    }
    return counts.iterator();
  }
}
