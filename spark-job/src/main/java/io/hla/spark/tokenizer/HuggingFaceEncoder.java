package io.hla.spark.tokenizer;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Map;

/** A tokenizer of DJL's library, which loads natives when its classes are initialized. */
final class HuggingFaceEncoder implements OpenTokenizer {
  private static final Map<String, String> OPTIONS =
      Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");

  private final HuggingFaceTokenizer tokenizer;

  HuggingFaceEncoder(byte[] json) throws IOException {
    tokenizer = HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), OPTIONS);
  }

  @Override
  public int[] encode(String text) {
    long[] ids = tokenizer.encode(text, false, false).getIds();
    int[] all = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      all[i] = Math.toIntExact(ids[i]);
    }
    return all;
  }
}
