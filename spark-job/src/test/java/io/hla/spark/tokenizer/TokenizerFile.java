package io.hla.spark.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A small tokenizer.json: byte pairs in the form of GPT-2's. */
final class TokenizerFile {
  static final String PRE_TOKENIZER =
      "{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true,"
          + " \"use_regex\": true}";

  /** Bytes, the results of four merges, and an added token. */
  static final int SIZE = 261;

  private TokenizerFile() {}

  static String gpt2() throws JsonProcessingException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    int others = 0;
    for (int b = 0; b < 256; b++) {
      // GPT-2 shows printable bytes as themselves, others as characters from U+0100 on.
      boolean printable = b > 0x20 && b < 0x7F || b > 0xA0 && b != 0xAD;
      vocabulary.put(String.valueOf((char) (printable ? b : 0x100 + others++)), b);
    }
    List<String> merges = List.of("t h", "th e", "\u0120 t", "\u0120 the");
    for (String merge : merges) {
      vocabulary.put(merge.replace(" ", ""), vocabulary.size());
    }
    ObjectMapper json = new ObjectMapper();
    return """
        {"version": "1.0", "truncation": {"direction": "Right", "max_length": 8,
         "strategy": "LongestFirst", "stride": 0}, "padding": null,
         "added_tokens": [{"id": 260, "content": "<s>", "single_word": false, "lstrip": false,
          "rstrip": false, "normalized": false, "special": true}],
         "normalizer": null, "pre_tokenizer": %s, "post_processor": null,
         "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
          "use_regex": true},
         "model": {"type": "BPE", "dropout": null, "unk_token": null,
          "continuing_subword_prefix": "", "end_of_word_suffix": "", "fuse_unk": false,
          "vocab": %s, "merges": %s}}
        """
        .formatted(
            PRE_TOKENIZER, json.writeValueAsString(vocabulary), json.writeValueAsString(merges));
  }
}
