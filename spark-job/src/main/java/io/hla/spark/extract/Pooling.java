package io.hla.spark.extract;

import io.hla.spark.InputException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;

/**
 * How the vectors of several tokens become one.
 *
 * @param kind of pooling
 * @param window tokens of a group: positions from one multiple of it to the next; 0 for whole
 *     sequences
 */
public record Pooling(Kind kind, long window) implements Serializable {
  /** Every token keeps its own vector. */
  public static final Pooling NONE = new Pooling(Kind.NONE, 0);

  /** Kinds of pooling. */
  public enum Kind {
    NONE,
    MEAN,
    LAST,
    MAX
  }

  /** Throws {@link InputException} HLA_POOL for a window without pooling, or a negative one. */
  public Pooling {
    if (window < 0 || (kind == Kind.NONE && window > 0)) {
      throw new InputException(
          "HLA_POOL",
          window < 0
              ? "the window is " + window + " tokens, expected at least 1"
              : "a window of " + window + " tokens belongs to pooling mean, last or max");
    }
  }

  /**
   * Reads none, mean, last or max.
   *
   * @throws InputException HLA_POOL
   */
  public static Pooling of(String kind, long window) {
    return Arrays.stream(Kind.values())
        .filter(known -> known.name().toLowerCase(Locale.ROOT).equals(kind))
        .findFirst()
        .map(known -> new Pooling(known, window))
        .orElseThrow(
            () ->
                new InputException(
                    "HLA_POOL", "pooling is " + kind + ", expected none, mean, last or max"));
  }

  /** Whether every token keeps its own vector. */
  public boolean isNone() {
    return kind == Kind.NONE;
  }

  /** The first position of the group that a position belongs to; 0 for whole sequences. */
  long group(long position) {
    return window == 0 ? 0 : position - Math.floorMod(position, window);
  }
}
