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

  /** Nowhere: a text is read as a whole. */
  NOWHERE {
    @Override
    public boolean between(byte before, byte after) {
      return false;
    }
  };

  /** Whether a text may be cut between two bytes. */
  public abstract boolean between(byte before, byte after);
}
