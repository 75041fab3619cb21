package io.hla.spark.scan;

import java.util.ArrayList;
import java.util.List;

/**
 * The levels of a prefix tree, which follow from the number of items and the fan-in alone.
 *
 * @param nodes nodes of each level, from the items up; the last is no more than the fan-in
 */
public record TreeShape(List<Integer> nodes) {

  /** The shape over {@code items} items, at least 1. */
  public static TreeShape of(int items, int fanIn) {
    List<Integer> nodes = new ArrayList<>(List.of(items));
    for (int level = items; level > fanIn; ) {
      level = (level + fanIn - 1) / fanIn;
      nodes.add(level);
    }
    return new TreeShape(List.copyOf(nodes));
  }

  /** Levels that are read. */
  public int levels() {
    return nodes.size();
  }

  /** Nodes above the items. */
  public long groups() {
    return nodes.stream().mapToLong(n -> n).sum() - nodes.get(0);
  }

  /**
   * Combinations of two summaries on the way up when the last item is absent, and with it the
   * summary of every group that it belongs to.
   */
  public long combinesWithoutLast(int fanIn) {
    long all = 0;
    for (int level = 0; level + 1 < nodes.size(); level++) {
      long whole = nodes.get(level + 1) - 1L;
      all += whole * (fanIn - 1);
    }
    return all;
  }

  /** Moves of a state past a summary on the way down. */
  public long advances() {
    long all = 0;
    for (int level = 0; level < nodes.size(); level++) {
      int groups = level + 1 < nodes.size() ? nodes.get(level + 1) : 1;
      all += nodes.get(level) - groups;
    }
    return all;
  }
}
