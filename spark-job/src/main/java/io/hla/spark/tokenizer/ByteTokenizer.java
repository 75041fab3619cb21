package io.hla.spark.tokenizer;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;

/** Every byte of the text is its own id, from 0 to 255, whether the text is well-formed or not. */
@DefaultSerializer(JavaSerializer.class)
record ByteTokenizer() implements Tokenizer {
  @Override
  public String name() {
    return "bytes";
  }

  @Override
  public int vocabularySize() {
    return 256;
  }

  @Override
  public TextBorders borders() {
    return TextBorders.ANYWHERE;
  }

  @Override
  public int[] encode(byte[] utf8) {
    int[] ids = new int[utf8.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = utf8[i] & 0xFF;
    }
    return ids;
  }
}
