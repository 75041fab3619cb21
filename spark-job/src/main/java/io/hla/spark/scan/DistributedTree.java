package io.hla.spark.scan;

import io.hla.spark.runs.Home;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * The trees of {@link PrefixTree}, the same shapes and the same steps, level by level on executors.
 * A task holds some summaries and one state at a time, whatever the number of items.
 *
 * <p>Items travel as packed {@link TreeItem}s. Each level is shuffled once, grouped by parent and
 * sorted, and read twice: on the way up and on the way down. A tree ends at the level where one
 * group is all of its sequence.
 *
 * @param <S> state
 * @param <M> summary
 */
public final class DistributedTree<S, M> {
  /** Bytes that one task of a level should read. */
  private static final long TASK_BYTES = 64L << 20;

  private final Steps<S, M> steps;
  private final List<JavaPairRDD<Node, byte[]>> levels = new ArrayList<>();

  /** How groups are worked on: what tasks need to know, and no more. */
  private record Steps<S, M>(ByteAction<S, M> action, int fanIn) implements Serializable {}

  /**
   * Plans the levels; nothing runs yet.
   *
   * @param items packed items by level, from the runs up; levels without an item are null
   * @param counts at most so many items of each level; levels beyond these have none
   * @param longest runs of the longest sequence
   * @param itemBytes bytes of one summary
   */
  public DistributedTree(
      ByteAction<S, M> action,
      int fanIn,
      List<JavaPairRDD<Node, byte[]>> items,
      List<Long> counts,
      long longest,
      long itemBytes) {
    steps = new Steps<>(action, fanIn);
    JavaPairRDD<Node, byte[]> groups = null;
    long fromBelow = 0;
    int depth = TreeShape.of(Math.toIntExact(Math.max(1, longest)), fanIn).levels();
    for (int level = 0; level < depth; level++) {
      JavaPairRDD<Node, byte[]> own = level < items.size() ? items.get(level) : null;
      long nodes = fromBelow + (own == null ? 0 : counts.get(level));
      JavaPairRDD<Node, byte[]> all =
          own == null ? groups : groups == null ? own : groups.union(own);
      int partitions = (int) Math.max(1, Math.min(nodes, nodes * itemBytes / TASK_BYTES));
      JavaPairRDD<Node, byte[]> grouped = Node.byParent(all, partitions, fanIn);
      levels.add(grouped);
      Steps<S, M> with = steps;
      groups = grouped.mapPartitionsToPair(it -> new Combine<>(with, it));
      // A group that is not whole has at least as many items as the fan-in, or is the last of one.
      fromBelow = 2 * (nodes / fanIn) + 1;
    }
  }

  /** Levels of the highest tree. */
  public int levels() {
    return levels.size();
  }

  /** Computes all summaries of all levels; what {@link #states} then needs is on disk. */
  public void combine() {
    levels.get(levels.size() - 1).foreachPartition(items -> {});
  }

  /**
   * The states in front of all items that have a home, with their nodes.
   *
   * @return a list by level of (home, packed {@link HomeState})
   */
  public List<JavaPairRDD<Home, byte[]>> states() {
    Steps<S, M> with = steps;
    List<JavaPairRDD<Home, byte[]>> home = new ArrayList<>();
    JavaPairRDD<Node, byte[]> down = null;
    for (int level = levels.size() - 1; level >= 0; level--) {
      JavaPairRDD<Node, byte[]> items = levels.get(level);
      JavaRDD<Placed> placed;
      if (down == null) {
        placed =
            items.mapPartitions(
                it -> new Walk<>(with, it, List.<Tuple2<Node, byte[]>>of().iterator()), true);
      } else {
        placed =
            items.zipPartitions(
                Node.toChildren(down, items.getNumPartitions()),
                (below, above) -> new Walk<>(with, below, above));
      }
      int at = level;
      home.add(
          0,
          placed
              .filter(state -> state.home != null)
              .mapToPair(
                  state ->
                      new Tuple2<>(state.home, new HomeState(state.node, at, state.state).pack())));
      down =
          placed
              .filter(state -> state.home == null)
              .mapToPair(state -> new Tuple2<>(state.node, state.state));
    }
    return home;
  }

  /** The states behind all sequences that have all summaries: (packed end of it, state). */
  public List<JavaRDD<Tuple2<byte[], byte[]>>> behind() {
    Steps<S, M> with = steps;
    return levels.stream()
        .map(level -> level.mapPartitions(items -> new Behind<>(with, items)))
        .toList();
  }

  /** The state in front of a node, on its way. */
  private record Placed(Node node, Home home, byte[] state) {}

  /** The children of one parent, as they come. */
  private static final class Groups {
    private final Iterator<Tuple2<Node, byte[]>> items;
    private final int fanIn;
    private Tuple2<Node, byte[]> next;

    Groups(Iterator<Tuple2<Node, byte[]>> items, int fanIn) {
      this.items = items;
      this.fanIn = fanIn;
      next = items.hasNext() ? items.next() : null;
    }

    boolean hasNext() {
      return next != null;
    }

    Node parent() {
      return next._1().parent(fanIn);
    }

    boolean isIn(Node parent) {
      return next != null && parent().equals(parent);
    }

    Tuple2<Node, TreeItem> take() {
      Tuple2<Node, TreeItem> taken = new Tuple2<>(next._1(), TreeItem.unpack(next._2()));
      next = items.hasNext() ? items.next() : null;
      return taken;
    }
  }

  /** The groups that are not all of their sequence, from items sorted by node. */
  private static final class Combine<S, M> implements Iterator<Tuple2<Node, byte[]>> {
    private final Steps<S, M> steps;
    private final Groups groups;
    private Tuple2<Node, byte[]> next;

    Combine(Steps<S, M> steps, Iterator<Tuple2<Node, byte[]>> items) {
      this.steps = steps;
      groups = new Groups(items, steps.fanIn);
    }

    @Override
    public boolean hasNext() {
      while (next == null && groups.hasNext()) {
        Node parent = groups.parent();
        // The first group of a sequence may be all of it, and nobody asks for its summary then.
        List<TreeItem> first = new ArrayList<>();
        GroupFold<M> fold = new GroupFold<>(steps.action);
        while (groups.isIn(parent)) {
          TreeItem child = groups.take()._2();
          if (parent.index() == 0) {
            first.add(child);
          } else {
            fold.add(child);
          }
        }
        if (first.isEmpty() || !first.get(first.size() - 1).last()) {
          first.forEach(fold::add);
          next = new Tuple2<>(parent, fold.item(null).pack());
        }
      }
      return next != null;
    }

    @Override
    public Tuple2<Node, byte[]> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Tuple2<Node, byte[]> given = next;
      next = null;
      return given;
    }
  }

  /** The states behind the sequences that are whole here. */
  private static final class Behind<S, M> implements Iterator<Tuple2<byte[], byte[]>> {
    private final Steps<S, M> steps;
    private final Groups groups;
    private Tuple2<byte[], byte[]> next;

    Behind(Steps<S, M> steps, Iterator<Tuple2<Node, byte[]>> items) {
      this.steps = steps;
      groups = new Groups(items, steps.fanIn);
    }

    @Override
    public boolean hasNext() {
      while (next == null && groups.hasNext()) {
        Node parent = groups.parent();
        List<TreeItem> children = new ArrayList<>();
        while (groups.isIn(parent)) {
          TreeItem child = groups.take()._2();
          // The summaries of groups that cannot be whole are not kept.
          if (parent.index() == 0) {
            children.add(child);
          }
        }
        if (parent.index() == 0 && children.get(children.size() - 1).last()) {
          next = behind(children);
        }
      }
      return next != null;
    }

    private Tuple2<byte[], byte[]> behind(List<TreeItem> children) {
      GroupFold<M> fold = new GroupFold<>(steps.action);
      children.forEach(fold::add);
      M summary = fold.summary();
      if (summary == null) {
        return null;
      }
      byte[] first = children.get(0).first();
      S state = first == null ? steps.action.nothing() : steps.action.state(first);
      S behind = steps.action.advance(state, summary);
      return new Tuple2<>(
          children.get(children.size() - 1).tail(), steps.action.stateBytes(behind));
    }

    @Override
    public Tuple2<byte[], byte[]> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Tuple2<byte[], byte[]> given = next;
      next = null;
      return given;
    }
  }

  /** The states in front of items sorted by node, from the states in front of their parents. */
  private static final class Walk<S, M> implements Iterator<Placed> {
    private final Steps<S, M> steps;
    private final Groups groups;
    private final Iterator<Tuple2<Node, byte[]>> parents;
    private Tuple2<Node, byte[]> above;
    private Node parent;
    private TreeItem before;
    private S state;

    Walk(
        Steps<S, M> steps,
        Iterator<Tuple2<Node, byte[]>> items,
        Iterator<Tuple2<Node, byte[]>> parents) {
      this.steps = steps;
      this.parents = parents;
      groups = new Groups(items, steps.fanIn);
      above = parents.hasNext() ? parents.next() : null;
    }

    @Override
    public boolean hasNext() {
      return groups.hasNext();
    }

    @Override
    public Placed next() {
      boolean sameGroup = parent != null && groups.isIn(parent);
      parent = groups.parent();
      Tuple2<Node, TreeItem> item = groups.take();
      state =
          sameGroup
              ? steps.action.advance(state, steps.action.summary(before.summary()))
              : inFrontOfGroup(item._2());
      before = item._2();
      return new Placed(item._1(), before.home(), steps.action.stateBytes(state));
    }

    /** A group whose parent no state came for is all of its sequence. */
    private S inFrontOfGroup(TreeItem firstChild) {
      if (above != null && above._1().equals(parent)) {
        S found = steps.action.state(above._2());
        above = parents.hasNext() ? parents.next() : null;
        return found;
      }
      if (parent.index() > 0) {
        throw new IllegalStateException("no state came for the group " + parent);
      }
      return firstChild.first() == null
          ? steps.action.nothing()
          : steps.action.state(firstChild.first());
    }
  }
}
