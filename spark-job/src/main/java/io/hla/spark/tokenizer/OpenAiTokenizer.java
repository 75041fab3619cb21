package io.hla.spark.tokenizer;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingRegistry;
import com.knuddels.jtokkit.api.EncodingType;
import java.nio.charset.StandardCharsets;

/**
 * The byte pairs of OpenAI's vocabularies, as jtokkit has them. Special tokens such as {@code
 * <|endoftext|>} are text like any other.
 */
@DefaultSerializer(JavaSerializer.class)
record OpenAiTokenizer(String name, int vocabularySize) implements Tokenizer {
  /** Vocabularies of this JVM; a vocabulary is read when it is asked for. */
  private static final class Vocabularies {
    static final EncodingRegistry ALL = Encodings.newLazyEncodingRegistry();
  }

  @Override
  public TextBorders borders() {
    return TextBorders.SPACE_OR_LINE;
  }

  @Override
  public int[] encode(byte[] utf8) {
    Encoding encoding = Vocabularies.ALL.getEncoding(EncodingType.fromName(name).orElseThrow());
    return encoding.encodeOrdinary(new String(utf8, StandardCharsets.UTF_8)).toArray();
  }
}
