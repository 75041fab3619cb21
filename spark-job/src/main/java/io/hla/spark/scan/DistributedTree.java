package io.hla.spark.scan;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import scala.Tuple2;

/**
 * The trees of {@link PrefixTree}, the same shape and the same steps, level by level on executors.
 * A task holds two summaries or one summary and one state at a time, whatever the number of items.
 *
 * <p>Items travel as bytes; an absent last item has none. Each level is shuffled once, grouped by
 * parent and sorted, and read twice: on the way up and on the way down.
 *
 * @param <S> state
 * @param <M> summary
 */
public final class DistributedTree<S, M> implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Bytes that one task of a level should read. */
  private static final long TASK_BYTES = 64L << 20;

  /** The action of a {@link PrefixTree} on bytes. */
  public interface ByteAction<S, M> extends PrefixTree.Action<S, M> {
    M summary(byte[] bytes);

    byte[] summaryBytes(M summary);

    S state(byte[] bytes);

    byte[] stateBytes(S state);

    /** The same bytes; told of every summary of a group that goes to the next level. */
    default byte[] sending(byte[] summary) {
      return summary;
    }

    /** The state in front of a sequence. */
    S first(int sequence);
  }

  private final ByteAction<S, M> action;
  private final int fanIn;
  private final List<JavaPairRDD<Node, byte[]>> levels = new ArrayList<>();

  /**
   * Plans the levels; nothing runs yet.
   *
   * @param items summaries by run; empty bytes for an absent last one
   * @param count items of all sequences
   * @param sequences how many sequences these are
   * @param longest items of the longest sequence
   * @param itemBytes bytes of one summary
   */
  public DistributedTree(
      ByteAction<S, M> action,
      int fanIn,
      JavaPairRDD<Node, byte[]> items,
      long count,
      int sequences,
      int longest,
      long itemBytes) {
    this.action = action;
    this.fanIn = fanIn;
    JavaPairRDD<Node, byte[]> level = items;
    long nodes = count;
    int most = longest;
    while (true) {
      int partitions = (int) Math.max(1, Math.min(nodes, nodes * itemBytes / TASK_BYTES));
      JavaPairRDD<Node, byte[]> grouped =
          level.repartitionAndSortWithinPartitions(new Node.ByAncestor(partitions, fanIn));
      levels.add(grouped);
      if (most <= fanIn) {
        return;
      }
      level = grouped.mapPartitionsToPair(this::combineGroups);
      nodes = nodes / fanIn + sequences;
      most = (most + fanIn - 1) / fanIn;
    }
  }

  /** Levels of the tree. */
  public int levels() {
    return levels.size();
  }

  /** Computes all summaries of all levels; what {@link #inFront} then needs is on disk. */
  public void combine() {
    levels.get(levels.size() - 1).foreachPartition(items -> {});
  }

  /** The states in front of all items. */
  public JavaPairRDD<Node, byte[]> inFront() {
    int top = levels.size() - 1;
    JavaPairRDD<Node, byte[]> states =
        levels.get(top).mapPartitionsToPair(items -> new Walk<>(this, items, null));
    for (int level = top - 1; level >= 0; level--) {
      JavaPairRDD<Node, byte[]> items = levels.get(level);
      JavaPairRDD<Node, byte[]> parents =
          states.repartitionAndSortWithinPartitions(
              new Node.ByAncestor(items.getNumPartitions(), 1));
      states =
          items
              .zipPartitions(parents, (below, above) -> new Walk<>(this, below, above))
              .mapToPair(pair -> pair);
    }
    return states;
  }

  /** The states behind all sequences whose last item is there, by ordinal of the sequence. */
  public JavaPairRDD<Integer, byte[]> behind() {
    return levels
        .get(levels.size() - 1)
        .mapPartitionsToPair(this::combineGroups)
        .filter(root -> root._2().length > 0)
        .mapToPair(root -> new Tuple2<>(root._1().sequence(), behind(root)));
  }

  private byte[] behind(Tuple2<Node, byte[]> root) {
    S first = action.first(root._1().sequence());
    return action.stateBytes(action.advance(first, action.summary(root._2())));
  }

  private Iterator<Tuple2<Node, byte[]>> combineGroups(Iterator<Tuple2<Node, byte[]>> items) {
    return new Combine<>(this, items);
  }

  /** The summaries of groups, from items sorted by node. */
  private static final class Combine<S, M> implements Iterator<Tuple2<Node, byte[]>> {
    private final DistributedTree<S, M> tree;
    private final Iterator<Tuple2<Node, byte[]>> items;
    private Tuple2<Node, byte[]> next;

    Combine(DistributedTree<S, M> tree, Iterator<Tuple2<Node, byte[]>> items) {
      this.tree = tree;
      this.items = items;
      next = items.hasNext() ? items.next() : null;
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public Tuple2<Node, byte[]> next() {
      Node parent = next._1().parent(tree.fanIn);
      byte[] only = next._2();
      boolean present = only.length > 0;
      M group = null;
      advance();
      while (next != null && next._1().parent(tree.fanIn).equals(parent)) {
        present &= next._2().length > 0;
        if (present) {
          group = group == null ? tree.action.summary(only) : group;
          group = tree.action.combine(group, tree.action.summary(next._2()));
        }
        advance();
      }
      if (!present) {
        return new Tuple2<>(parent, new byte[0]);
      }
      byte[] bytes = group == null ? only : tree.action.summaryBytes(group);
      return new Tuple2<>(parent, tree.action.sending(bytes));
    }

    private void advance() {
      next = items.hasNext() ? items.next() : null;
    }
  }

  /** The states in front of items sorted by node, from the states in front of their parents. */
  private static final class Walk<S, M> implements Iterator<Tuple2<Node, byte[]>> {
    private final DistributedTree<S, M> tree;
    private final Iterator<Tuple2<Node, byte[]>> items;
    private final Iterator<Tuple2<Node, byte[]>> parents;
    private Tuple2<Node, byte[]> next;
    private Tuple2<Node, byte[]> current;
    private S state;

    /** At the top level there are no parents: every sequence starts from its first state. */
    Walk(
        DistributedTree<S, M> tree,
        Iterator<Tuple2<Node, byte[]>> items,
        Iterator<Tuple2<Node, byte[]>> parents) {
      this.tree = tree;
      this.items = items;
      this.parents = parents;
      next = items.hasNext() ? items.next() : null;
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public Tuple2<Node, byte[]> next() {
      Node parent = next._1().parent(tree.fanIn);
      boolean first = current == null || !current._1().parent(tree.fanIn).equals(parent);
      state =
          first
              ? inFrontOfGroup(parent)
              : tree.action.advance(state, tree.action.summary(current._2()));
      current = next;
      next = items.hasNext() ? items.next() : null;
      return new Tuple2<>(current._1(), tree.action.stateBytes(state));
    }

    private S inFrontOfGroup(Node parent) {
      if (parents == null) {
        return tree.action.first(parent.sequence());
      }
      Tuple2<Node, byte[]> above = parents.next();
      if (!above._1().equals(parent)) {
        throw new IllegalStateException("state of " + above._1() + " came in front of " + parent);
      }
      return tree.action.state(above._2());
    }
  }
}
