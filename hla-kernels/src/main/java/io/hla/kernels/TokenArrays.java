package io.hla.kernels;

/** Checks the arrays of a call once, so that kernels may trust them. */
record TokenArrays(AttentionSettings settings) {

  void check(boolean isDouble, int query, int key, int value, int output, int from, int count) {
    check(isDouble, query, key, value, from, count);
    holds("output", output, settings.outputWidth(), from, count);
  }

  void check(boolean isDouble, int query, int key, int value, int from, int count) {
    if (settings.precision().isDouble() != isDouble) {
      throw new IllegalArgumentException(
          String.format(
              "%s arrays with precision %s, expected %s",
              isDouble ? "double" : "float",
              settings.precision().text(),
              isDouble ? "float" : "double"));
    }
    if (from < 0 || count < 0) {
      throw new IllegalArgumentException(
          String.format("tokens from %d, count %d, expected both from 0", from, count));
    }
    holds("query", query, settings.queryWidth(), from, count);
    holds("key", key, settings.keyWidth(), from, count);
    holds("value", value, settings.valueWidth(), from, count);
  }

  /** Rows of other settings are refused where their widths or their precision differ. */
  void check(TokenRows rows, int count) {
    AttentionSettings other = rows.settings();
    if (other.precision().isDouble() != settings.precision().isDouble()
        || other.queryWidth() != settings.queryWidth()
        || other.keyWidth() != settings.keyWidth()
        || other.valueWidth() != settings.valueWidth()
        || other.outputWidth() != settings.outputWidth()) {
      throw new IllegalArgumentException(
          String.format("rows were made for %s, expected %s", other, settings));
    }
    rows.check(count);
  }

  private static void holds(String name, int length, int width, int from, int count) {
    long needed = ((long) from + count) * width;
    if (length < needed) {
      throw new IllegalArgumentException(
          String.format(
              "%s has %d values, expected %d: tokens %d to %d of %d values each",
              name, length, needed, from, from + count - 1, width));
    }
  }
}
