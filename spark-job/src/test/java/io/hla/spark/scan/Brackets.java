package io.hla.spark.scan;

import java.nio.charset.StandardCharsets;

/** Concatenation that shows its order and its grouping, as rounding would. */
record Brackets() implements ByteAction<String, String> {
  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public String combine(String earlier, String later) {
    return "(" + earlier + " " + later + ")";
  }

  @Override
  public String advance(String state, String summary) {
    return "[" + state + " " + summary + "]";
  }

  @Override
  public String summary(byte[] bytes) {
    return text(bytes);
  }

  @Override
  public byte[] summaryBytes(String summary) {
    return bytes(summary);
  }

  @Override
  public String state(byte[] bytes) {
    return text(bytes);
  }

  @Override
  public byte[] stateBytes(String state) {
    return bytes(state);
  }

  @Override
  public String nothing() {
    return "nothing";
  }
}
