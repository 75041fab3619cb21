package io.hla.spark.scan;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * An exclusive ordered scan over a tree of fixed fan-in. The shape depends on the number of items
 * alone: node i of a level covers the nodes {@code fanIn * i} to {@code fanIn * i + fanIn - 1} of
 * the level below, and levels end with the first that has no more than fanIn nodes. Up the tree
 * neighbours are combined in order; down the tree each node hands the state in front of it to its
 * first child and moves it on past each child in turn. Nothing here is commutative, so items are
 * never taken in another order.
 *
 * <p>The last item may be absent when nothing behind it is wanted; it keeps its place in the tree,
 * so that the states in front of all items are the same bits either way. {@link DistributedTree}
 * computes the same tree on executors.
 *
 * @param <S> state
 * @param <M> summary, a monoid that acts on states
 * @param fanIn children of a node, at least 2
 */
public record PrefixTree<S, M>(Action<S, M> action, int fanIn) {

  /** The monoid and its action: {@code advance(advance(s, a), b) = advance(s, combine(a, b))}. */
  public interface Action<S, M> extends Serializable {
    M combine(M earlier, M later);

    S advance(S state, M summary);
  }

  /**
   * What a scan gives.
   *
   * @param inFront the states in front of the items, in order
   * @param behind the state behind the last item, or null if that item is absent
   */
  public record Scanned<S>(List<S> inFront, S behind) {}

  public PrefixTree {
    if (fanIn < 2) {
      throw new IllegalArgumentException("fan-in is " + fanIn + ", expected at least 2");
    }
  }

  /**
   * Scans one sequence.
   *
   * @param first the state in front of the first item
   * @param items the summaries, all {@code count} or all but the last
   * @param count items in the tree, at least 1
   */
  public Scanned<S> scan(S first, List<M> items, int count) {
    List<Integer> counts = TreeShape.of(count, fanIn).nodes();
    int top = counts.size() - 1;
    List<List<M>> levels = new ArrayList<>(List.of(items));
    for (int level = 0; level < top; level++) {
      levels.add(combineGroups(levels.get(level), counts.get(level)));
    }
    List<S> states = walk(first, levels.get(top), counts.get(top));
    // Over the root, so that the bits do not depend on which level a scan stops at.
    boolean whole = levels.get(top).size() == counts.get(top);
    S behind = whole ? action.advance(first, combine(levels.get(top))) : null;
    for (int level = top - 1; level >= 0; level--) {
      states = descend(states, levels.get(level), counts.get(level));
    }
    return new Scanned<>(states, behind);
  }

  /** One level up: the summaries of groups of neighbours; a group with an absent item has none. */
  private List<M> combineGroups(List<M> items, int count) {
    List<M> groups = new ArrayList<>();
    for (int from = 0;
        Math.min(from + fanIn, count) <= items.size() && from < count;
        from += fanIn) {
      groups.add(combine(items.subList(from, Math.min(from + fanIn, count))));
    }
    return groups;
  }

  private M combine(List<M> items) {
    M group = items.get(0);
    for (M item : items.subList(1, items.size())) {
      group = action.combine(group, item);
    }
    return group;
  }

  /** One level down: from the states in front of groups to the states in front of their items. */
  private List<S> descend(List<S> groupStates, List<M> items, int count) {
    List<S> states = new ArrayList<>();
    for (int from = 0, group = 0; from < count; from += fanIn, group++) {
      int to = Math.min(from + fanIn, count);
      states.addAll(
          walk(groupStates.get(group), items.subList(from, Math.min(to, items.size())), to - from));
    }
    return states;
  }

  /** The states in front of the {@code count} items of one node. */
  private List<S> walk(S inFront, List<M> items, int count) {
    List<S> states = new ArrayList<>(List.of(inFront));
    for (int i = 1; i < count; i++) {
      states.add(action.advance(states.get(i - 1), items.get(i - 1)));
    }
    return states;
  }
}
