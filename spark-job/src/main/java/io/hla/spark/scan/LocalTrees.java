package io.hla.spark.scan;

import io.hla.spark.runs.Home;
import io.hla.spark.shuffle.KeyCodec;
import io.hla.spark.shuffle.OrderedShuffle;
import io.hla.spark.shuffle.Packing;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/**
 * The parts of prefix trees whose runs all lie in one partition, worked on there: where many runs
 * of a partition follow one another in the stream, what is left for the levels of {@link
 * DistributedTree} is a few nodes a partition. The trees, and with them the bits, are the same.
 *
 * @param <S> state
 * @param <M> summary
 */
public final class LocalTrees<S, M> {
  private final ByteAction<S, M> action;
  private final int fanIn;
  private final JavaPairRDD<HomeNode, byte[]> sorted;
  private final JavaRDD<byte[]> roots;

  /**
   * Plans; nothing runs yet.
   *
   * @param items packed items of runs, whose homes are in {@code partitions} partitions
   */
  public LocalTrees(
      ByteAction<S, M> action, int fanIn, JavaPairRDD<Node, byte[]> items, int partitions) {
    this.action = action;
    this.fanIn = fanIn;
    sorted =
        HomeNode.bring(
            items.mapToPair(
                item ->
                    new Tuple2<>(
                        new HomeNode(TreeItem.unpack(item._2()).home().partition(), item._1(), 0),
                        item._2())),
            partitions);
    roots =
        sorted
            .mapPartitions(it -> new Roots<>(action, fanIn, it))
            .persist(StorageLevel.MEMORY_AND_DISK());
  }

  /** The nodes of a level that no other node of their partition covers, as packed items. */
  public JavaPairRDD<Node, byte[]> roots(int level) {
    return roots.flatMapToPair(
        packed ->
            Packing.unpack(
                packed,
                in ->
                    in.readInt() == level
                        ? List.of(new Tuple2<>(Node.read(in), Packing.readBytes(in))).iterator()
                        : List.<Tuple2<Node, byte[]>>of().iterator()));
  }

  /** How many roots there are of each level. */
  public List<Long> counts() {
    List<Long> counts = new ArrayList<>();
    for (byte[] packed : roots.mapPartitions(LocalTrees::count).collect()) {
      Packing.unpack(
          packed,
          in -> {
            int levels = in.readInt();
            for (int level = 0; level < levels; level++) {
              if (level == counts.size()) {
                counts.add(0L);
              }
              counts.set(level, counts.get(level) + in.readLong());
            }
            return null;
          });
    }
    return counts;
  }

  private static Iterator<byte[]> count(Iterator<byte[]> roots) {
    List<Long> counts = new ArrayList<>();
    while (roots.hasNext()) {
      int level = Packing.unpack(roots.next(), in -> in.readInt());
      while (counts.size() <= level) {
        counts.add(0L);
      }
      counts.set(level, counts.get(level) + 1);
    }
    return List.of(
            Packing.pack(
                out -> {
                  out.writeInt(counts.size());
                  for (long number : counts) {
                    out.writeLong(number);
                  }
                }))
        .iterator();
  }

  /**
   * The states in front of all runs.
   *
   * @param states in front of the roots, by home, packed {@link HomeState}s
   */
  public JavaPairRDD<Home, byte[]> states(JavaPairRDD<Home, byte[]> states) {
    ByteAction<S, M> with = action;
    int arity = fanIn;
    JavaPairRDD<HomeNode, byte[]> home =
        HomeNode.bring(
            states.mapToPair(
                state -> {
                  HomeState of = HomeState.unpack(state._2());
                  long first = of.node().index();
                  for (int level = 0; level < of.level(); level++) {
                    first *= arity;
                  }
                  Node run = new Node(of.node().sequence(), Math.toIntExact(first));
                  return new Tuple2<>(
                      new HomeNode(state._1().partition(), run, of.level()), of.state());
                }),
            sorted.getNumPartitions());
    return sorted
        .zipPartitions(home, (runs, roots) -> new Descent<>(with, arity, runs, roots))
        .mapToPair(state -> state);
  }

  /** A node and the partition of its runs; sorted by its first run. */
  private record HomeNode(int partition, Node first, int level) implements Comparable<HomeNode> {
    @Override
    public int compareTo(HomeNode other) {
      return partition != other.partition
          ? Integer.compare(partition, other.partition)
          : first.compareTo(other.first);
    }

    static JavaPairRDD<HomeNode, byte[]> bring(
        JavaPairRDD<HomeNode, byte[]> values, int partitions) {
      return OrderedShuffle.of(values, new ToPartition(partitions), HomeNode.class, new Codec());
    }
  }

  private record Codec() implements KeyCodec<HomeNode> {
    @Override
    public void write(HomeNode node, DataOutput out) throws IOException {
      out.writeInt(node.partition);
      node.first.write(out);
      out.writeInt(node.level);
    }

    @Override
    public HomeNode read(DataInput in) throws IOException {
      return new HomeNode(in.readInt(), Node.read(in), in.readInt());
    }
  }

  private static final class ToPartition extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int partitions;

    ToPartition(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      return ((HomeNode) key).partition();
    }
  }

  /**
   * Groups complete nodes of the partition upwards, from runs in stream order. A group that is all
   * of its sequence stays in its children, where {@link DistributedTree} expects it.
   */
  private static final class Roots<M> implements Iterator<byte[]> {
    private final ByteAction<?, M> action;
    private final int fanIn;
    private final Iterator<Tuple2<HomeNode, byte[]>> runs;
    // By level: the complete children, from the first on, of a group that may become complete.
    private final List<List<Tuple2<Node, TreeItem>>> open = new ArrayList<>();
    private final Deque<byte[]> given = new ArrayDeque<>();
    private Node before;

    Roots(ByteAction<?, M> action, int fanIn, Iterator<Tuple2<HomeNode, byte[]>> runs) {
      this.action = action;
      this.fanIn = fanIn;
      this.runs = runs;
    }

    @Override
    public boolean hasNext() {
      while (given.isEmpty() && runs.hasNext()) {
        Tuple2<HomeNode, byte[]> next = runs.next();
        Node run = next._1().first();
        if (before == null
            || run.sequence() != before.sequence()
            || run.index() != before.index() + 1) {
          flush();
        }
        before = run;
        add(0, run, TreeItem.unpack(next._2()));
      }
      if (given.isEmpty()) {
        flush();
      }
      return !given.isEmpty();
    }

    private void add(int level, Node node, TreeItem item) {
      if (open.size() == level) {
        open.add(new ArrayList<>());
      }
      List<Tuple2<Node, TreeItem>> group = open.get(level);
      if (group.isEmpty() && node.index() % fanIn != 0) {
        give(level, node, item);
        return;
      }
      group.add(new Tuple2<>(node, item));
      if (node.index() % fanIn == fanIn - 1 || item.last()) {
        boolean whole = group.get(0)._1().index() == 0 && item.last();
        List<Tuple2<Node, TreeItem>> children = List.copyOf(group);
        group.clear();
        if (whole) {
          children.forEach(child -> give(level, child._1(), child._2()));
        } else {
          GroupFold<M> fold = new GroupFold<>(action);
          children.forEach(child -> fold.add(child._2()));
          Home home = new Home(children.get(0)._2().home().partition(), 0);
          add(level + 1, node.parent(fanIn), fold.item(home));
        }
      }
    }

    /** Gives all that no group will cover. */
    private void flush() {
      for (int level = open.size() - 1; level >= 0; level--) {
        for (Tuple2<Node, TreeItem> child : open.get(level)) {
          give(level, child._1(), child._2());
        }
        open.get(level).clear();
      }
    }

    private void give(int level, Node node, TreeItem item) {
      given.add(
          Packing.pack(
              out -> {
                out.writeInt(level);
                node.write(out);
                Packing.writeBytes(out, item.pack());
              }));
    }

    @Override
    public byte[] next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return given.poll();
    }
  }

  /** Walks from the states in front of roots to those in front of their runs. */
  private static final class Descent<S, M> implements Iterator<Tuple2<Home, byte[]>> {
    private final ByteAction<S, M> action;
    private final int fanIn;
    private final Iterator<Tuple2<HomeNode, byte[]>> runs;
    private final Iterator<Tuple2<HomeNode, byte[]>> roots;
    private final List<S> inFront = new ArrayList<>();
    private final List<M> done = new ArrayList<>();
    private TreeItem before;
    private long left;
    private int level;
    private long index;

    Descent(
        ByteAction<S, M> action,
        int fanIn,
        Iterator<Tuple2<HomeNode, byte[]>> runs,
        Iterator<Tuple2<HomeNode, byte[]>> roots) {
      this.action = action;
      this.fanIn = fanIn;
      this.runs = runs;
      this.roots = roots;
    }

    @Override
    public boolean hasNext() {
      return runs.hasNext();
    }

    @Override
    public Tuple2<Home, byte[]> next() {
      Tuple2<HomeNode, byte[]> run = runs.next();
      if (left == 0) {
        begin(run._1().first());
      } else {
        advance();
      }
      left--;
      index++;
      before = TreeItem.unpack(run._2());
      if (before.last()) {
        left = 0;
      }
      return new Tuple2<>(before.home(), action.stateBytes(inFront.get(0)));
    }

    private void begin(Node first) {
      Tuple2<HomeNode, byte[]> root = roots.hasNext() ? roots.next() : null;
      if (root == null || !root._1().first().equals(first)) {
        throw new IllegalStateException("no state came for the run " + first);
      }
      level = root._1().level();
      left = 1;
      inFront.clear();
      done.clear();
      S state = action.state(root._2());
      for (int i = 0; i <= level; i++) {
        inFront.add(state);
        done.add(null);
        left *= i < level ? fanIn : 1;
      }
      index = 0;
    }

    /** Past the run before: the lowest level that goes on, and all levels below it. */
    private void advance() {
      M summary = action.summary(before.summary());
      long of = index - 1;
      int at = 0;
      while (of % fanIn == fanIn - 1) {
        // The group ends: all of its children are the summary of the level above.
        summary = done.get(at) == null ? summary : action.combine(done.get(at), summary);
        done.set(at, null);
        of /= fanIn;
        at++;
      }
      done.set(at, done.get(at) == null ? summary : action.combine(done.get(at), summary));
      S state = action.advance(inFront.get(at), summary);
      for (int i = 0; i <= at; i++) {
        inFront.set(i, state);
      }
    }
  }
}
