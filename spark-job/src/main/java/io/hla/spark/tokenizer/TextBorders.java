package io.hla.spark.tokenizer;

/**
 * Where a text may be cut without another result, told by the bytes on both sides. But for {@link
 * #ANYWHERE} one of them is ASCII, so that no character is cut, nor a malformed one joined.
 */
public enum TextBorders {
  /** Between any two bytes: to the tokenizer of bytes. */
  ANYWHERE {
    @Override
    public boolean between(byte before, byte after) {
      return true;
    }
  },

  /** Behind white space of ASCII: to tokenizers that drop it and have no token with it inside. */
  WHITE_SPACE {
    @Override
    public boolean between(byte before, byte after) {
      return before == ' ' || before >= '\t' && before <= '\r';
    }
  },

  /**
   * In front of a space of ASCII behind a character of ASCII that is none: to tokenizers that split
   * text by an expression in which no alternative has white space behind another character, nor
   * looks beyond a space. There a match begins whatever stands around it, and the text in front of
   * it is matched as if it ended there. So it is with the expressions of GPT-2, cl100k_base and
   * o200k_base: only the first character of a match is a space, all others of it are of one kind
   * ({@code \p{L}+} and so on), and {@code \s+(?!\S)} matches white space alone.
   */
  SPACE {
    @Override
    public boolean between(byte before, byte after) {
      return after == ' ' && isGraphic(before);
    }
  },

  /**
   * As {@link #SPACE}, and behind a line feed in front of a letter or digit of ASCII: to
   * cl100k_base and o200k_base. Line feeds stand at the end of a match alone ({@code [\r\n]*},
   * {@code [\r\n/]*}, {@code \s*[\r\n]+}), which takes all of them and looks no further; o200k_base
   * has "/" behind them, too, but no letter or digit.
   */
  SPACE_OR_LINE {
    @Override
    public boolean between(byte before, byte after) {
      return SPACE.between(before, after) || before == '\n' && isLetterOrDigit(after);
    }
  },

  /** Nowhere: a text is read as a whole. */
  NOWHERE {
    @Override
    public boolean between(byte before, byte after) {
      return false;
    }
  };

  /** Whether a text may be cut between two bytes. */
  public abstract boolean between(byte before, byte after);

  private static boolean isGraphic(byte c) {
    return c > ' ' && c < 0x7F;
  }

  private static boolean isLetterOrDigit(byte c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
  }
}
