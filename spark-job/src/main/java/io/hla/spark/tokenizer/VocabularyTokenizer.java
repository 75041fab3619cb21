package io.hla.spark.tokenizer;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The words of {@link WordSplitter} by their place in a vocabulary; other words have id 0. */
@DefaultSerializer(JavaSerializer.class)
record VocabularyTokenizer(Vocabulary vocabulary) implements Tokenizer {
  @Override
  public String name() {
    return "words of " + vocabulary.source();
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public TextBorders borders() {
    return TextBorders.WHITE_SPACE;
  }

  @Override
  public int[] encode(byte[] utf8) {
    WordSplitter words = new WordSplitter(new String(utf8, StandardCharsets.UTF_8));
    int[] ids = new int[16 + utf8.length / 4];
    int count = 0;
    while (words.next()) {
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count++] = vocabulary.id(words.word());
    }
    return Arrays.copyOf(ids, count);
  }
}
