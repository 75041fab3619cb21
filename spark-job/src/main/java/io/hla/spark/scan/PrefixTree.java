package io.hla.spark.scan;

import java.util.ArrayList;
import java.util.List;

/**
 * An exclusive ordered scan over a tree of fixed fan-in. The shape depends on the number of items
 * alone: node i of a level covers the nodes {@code fanIn * i} to {@code fanIn * i + fanIn - 1} of
 * the level below. Up the tree neighbours are combined in order; down the tree each node hands the
 * state in front of it to its first child and moves it on past each child in turn. Nothing here is
 * commutative, so items are never taken in another order.
 *
 * @param <S> state
 * @param <M> summary, a monoid that acts on states
 * @param fanIn children of a node, at least 2
 */
public record PrefixTree<S, M>(Action<S, M> action, int fanIn) {

  /** The monoid and its action: {@code advance(advance(s, a), b) = advance(s, combine(a, b))}. */
  public interface Action<S, M> {
    M combine(M earlier, M later);

    S advance(S state, M summary);
  }

  public PrefixTree {
    if (fanIn < 2) {
      throw new IllegalArgumentException("fan-in is " + fanIn + ", expected at least 2");
    }
  }

  /**
   * The states in front of every item and behind the last one: {@code items.size() + 1} states.
   *
   * @param first the state in front of the first item
   */
  public List<S> states(S first, List<M> items) {
    List<List<M>> levels = new ArrayList<>();
    levels.add(items);
    while (last(levels).size() > fanIn) {
      levels.add(combineGroups(last(levels)));
    }
    List<S> states = walk(first, last(levels));
    for (int level = levels.size() - 2; level >= 0; level--) {
      states = descend(states, levels.get(level));
    }
    return states;
  }

  /** One level up: the summaries of groups of {@code fanIn} neighbours. */
  private List<M> combineGroups(List<M> items) {
    List<M> groups = new ArrayList<>();
    for (int from = 0; from < items.size(); from += fanIn) {
      groups.add(combine(items.subList(from, Math.min(from + fanIn, items.size()))));
    }
    return groups;
  }

  /** One level down: from the states in front of groups to the states in front of their items. */
  private List<S> descend(List<S> groupStates, List<M> items) {
    List<S> states = new ArrayList<>();
    for (int from = 0, group = 0; from < items.size(); from += fanIn, group++) {
      List<S> inGroup =
          walk(groupStates.get(group), items.subList(from, Math.min(from + fanIn, items.size())));
      // The state behind a group is the one in front of the next, which its own node knows.
      states.addAll(inGroup.subList(0, inGroup.size() - 1));
    }
    states.add(groupStates.get(groupStates.size() - 1));
    return states;
  }

  /** The summary of the items of one node, in order. */
  M combine(List<M> items) {
    M all = items.get(0);
    for (M item : items.subList(1, items.size())) {
      all = action.combine(all, item);
    }
    return all;
  }

  /** The states in front of the items of one node, and the one behind the last. */
  List<S> walk(S inFront, List<M> items) {
    List<S> states = new ArrayList<>();
    states.add(inFront);
    for (M item : items) {
      states.add(action.advance(states.get(states.size() - 1), item));
    }
    return states;
  }

  private static <T> T last(List<T> list) {
    return list.get(list.size() - 1);
  }
}
