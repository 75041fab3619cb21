package io.hla.spark.attend;

import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.spark.runs.DriverPlan;
import io.hla.spark.runs.Home;
import io.hla.spark.runs.RunPlan;
import io.hla.spark.scan.ByteAction;
import io.hla.spark.scan.DistributedTree;
import io.hla.spark.scan.HomeState;
import io.hla.spark.scan.LocalTrees;
import io.hla.spark.scan.Node;
import io.hla.spark.scan.PrefixTree;
import io.hla.spark.scan.TreeItem;
import io.hla.spark.scan.TreeShape;
import io.hla.spark.shuffle.BroadcastParts;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.state.SequenceState;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * One scan step, from the summaries of runs to the states in front of them: on the driver when all
 * of these are small together, else on executors. Both give the same bits.
 */
final class StateScan {
  /** Bytes of final states that a task takes from the driver. */
  private static final long SLICE_BYTES = 32L << 20;

  private final JavaSparkContext context;
  private final RunPlan plan;
  private final ByteAction<State, Summary> action;
  private final int fanIn;
  private final boolean withFinal;
  private final Phases phases;

  StateScan(
      JavaSparkContext context,
      RunPlan plan,
      ByteAction<State, Summary> action,
      int fanIn,
      boolean withFinal,
      Phases phases) {
    this.context = context;
    this.plan = plan;
    this.action = action;
    this.fanIn = fanIn;
    this.withFinal = withFinal;
    this.phases = phases;
  }

  /**
   * States after a scan step.
   *
   * @param inFront in front of the runs that take part, at home; no bytes where nothing stands
   * @param behind behind the sequences, as packed {@link SequenceState}s; empty unless wanted
   */
  record Scanned(JavaPairRDD<Home, byte[]> inFront, JavaRDD<byte[]> behind) {
    /** With the matrices that a later step determines. */
    Scanned join(int step, Scanned next) {
      return new Scanned(
          inFront
              .zipPartitions(next.inFront, (one, other) -> new JoinedStates(step, one, other))
              .mapToPair(pair -> pair),
          behind
              .mapToPair(Scanned::byEnd)
              .join(next.behind.mapToPair(Scanned::byEnd))
              .values()
              .map(both -> joined(step, both._1(), both._2())));
    }

    private static Tuple2<String, byte[]> byEnd(byte[] packed) {
      SequenceState state = SequenceState.unpack(packed);
      byte[] end = new SequenceState(state.sequence(), state.nextPosition(), null).pack();
      return new Tuple2<>(Base64.getEncoder().encodeToString(end), packed);
    }

    private static byte[] joined(int step, byte[] one, byte[] other) {
      SequenceState first = SequenceState.unpack(one);
      return new SequenceState(
              first.sequence(),
              first.nextPosition(),
              withStep(step, first.state(), SequenceState.unpack(other).state()))
          .pack();
    }
  }

  /** A state of earlier steps with what a later one found. */
  private static byte[] withStep(int step, byte[] earlier, byte[] later) {
    return earlier.length == 0
        ? earlier
        : State.fromBytes(earlier).withStep(step, State.fromBytes(later)).toBytes();
  }

  /** States of a step of the same runs as those of earlier ones. */
  private record JoinedStates(
      int step, Iterator<Tuple2<Home, byte[]>> earlier, Iterator<Tuple2<Home, byte[]>> later)
      implements Iterator<Tuple2<Home, byte[]>> {
    @Override
    public boolean hasNext() {
      return earlier.hasNext();
    }

    @Override
    public Tuple2<Home, byte[]> next() {
      Tuple2<Home, byte[]> one = earlier.next();
      return new Tuple2<>(one._1(), withStep(step, one._2(), later.next()._2()));
    }
  }

  /** Nothing takes part. */
  Scanned none() {
    return new Scanned(
        DriverPlan.atHome(context, Collections.nCopies(plan.partitions(), List.of())),
        context.emptyRDD());
  }

  /** Scans on the driver. */
  Scanned onDriver(JavaPairRDD<Node, byte[]> items) {
    List<byte[]> packed =
        phases.run(
            "summarize",
            String.format(
                Locale.ROOT, "turning %d runs into summaries", plan.figures().summarized()),
            () ->
                items
                    .map(
                        item ->
                            Packing.pack(
                                out -> {
                                  out.writeLong(item._1().sequence());
                                  out.writeInt(item._1().index());
                                  Packing.writeBytes(out, item._2());
                                }))
                    .collect());
    return phases.run(
        "scan",
        String.format(
            Locale.ROOT, "finding the states in front of %d runs", plan.figures().scanned()),
        () -> scan(packed));
  }

  private Scanned scan(List<byte[]> packed) {
    TreeMap<Node, TreeItem> items = new TreeMap<>();
    for (byte[] bytes : packed) {
      Packing.unpack(
          bytes,
          in ->
              items.put(
                  new Node(in.readLong(), in.readInt()), TreeItem.unpack(Packing.readBytes(in))));
    }
    if (items.size() != plan.figures().scanned()) {
      throw new IllegalStateException(
          items.size() + " items came, expected " + plan.figures().scanned());
    }
    List<List<Tuple2<Home, byte[]>>> inFront = new ArrayList<>();
    for (int p = 0; p < plan.partitions(); p++) {
      inFront.add(new ArrayList<>());
    }
    List<byte[]> behind = new ArrayList<>();
    List<TreeItem> sequence = new ArrayList<>();
    for (Map.Entry<Node, TreeItem> item : items.entrySet()) {
      sequence.add(item.getValue());
      if (item.getValue().last()) {
        scan(sequence, inFront, behind);
        sequence.clear();
      }
    }
    for (List<Tuple2<Home, byte[]>> part : inFront) {
      part.sort(Comparator.comparing(Tuple2::_1));
    }
    return new Scanned(DriverPlan.atHome(context, inFront), slices(behind));
  }

  private void scan(
      List<TreeItem> sequence, List<List<Tuple2<Home, byte[]>>> inFront, List<byte[]> behind) {
    List<Summary> summaries = new ArrayList<>();
    for (TreeItem item : sequence) {
      if (item.summary().length > 0) {
        summaries.add(Summary.fromBytes(item.summary()));
      }
    }
    byte[] first = sequence.get(0).first();
    PrefixTree.Scanned<State> scanned =
        new PrefixTree<>(action, fanIn)
            .scan(
                first == null ? action.nothing() : action.state(first), summaries, sequence.size());
    for (int rank = 0; rank < sequence.size(); rank++) {
      State state = scanned.inFront().get(rank);
      Home home = sequence.get(rank).home();
      byte[] bytes = rank > 0 || first != null ? action.stateBytes(state) : new byte[0];
      inFront.get(home.partition()).add(new Tuple2<>(home, bytes));
    }
    if (withFinal) {
      SequenceState end = SequenceState.unpack(sequence.get(sequence.size() - 1).tail());
      behind.add(
          new SequenceState(end.sequence(), end.nextPosition(), scanned.behind().toBytes()).pack());
    }
  }

  private JavaRDD<byte[]> slices(List<byte[]> states) {
    List<List<byte[]>> slices = new ArrayList<>();
    long room = 0;
    for (byte[] state : states) {
      if (room <= 0) {
        slices.add(new ArrayList<>());
        room = SLICE_BYTES;
      }
      slices.get(slices.size() - 1).add(state);
      room -= state.length;
    }
    return BroadcastParts.of(context, slices);
  }

  /** Scans on executors. */
  Scanned onExecutors(JavaPairRDD<Node, byte[]> items, long itemBytes) {
    // Where most runs follow one of their own partition, trees are begun there.
    boolean local = 2 * plan.figures().neighbours() > plan.figures().scanned();
    LocalTrees<State, Summary> trees =
        local ? new LocalTrees<>(action, fanIn, items, plan.partitions()) : null;
    String doing =
        String.format(
            Locale.ROOT,
            "turning %d runs into summaries, combined on executors in %d levels",
            plan.figures().summarized(),
            TreeShape.of(Math.toIntExact(plan.figures().longest()), fanIn).levels());
    DistributedTree<State, Summary> tree =
        phases.run(
            "summarize",
            doing,
            () -> {
              DistributedTree<State, Summary> planned =
                  local ? above(trees, itemBytes) : above(items, itemBytes);
              planned.combine();
              return planned;
            });
    List<JavaPairRDD<Home, byte[]>> placed = tree.states();
    JavaPairRDD<Home, byte[]> states =
        local
            ? trees.states(union(placed))
            : placed.get(0).mapValues(state -> HomeState.unpack(state).state());
    return new Scanned(
        Home.bring(states, plan.partitions()), withFinal ? ends(tree) : context.emptyRDD());
  }

  private DistributedTree<State, Summary> above(JavaPairRDD<Node, byte[]> items, long itemBytes) {
    return new DistributedTree<>(
        action,
        fanIn,
        List.of(items),
        List.of(plan.figures().scanned()),
        plan.figures().longest(),
        itemBytes);
  }

  private DistributedTree<State, Summary> above(LocalTrees<State, Summary> trees, long itemBytes) {
    List<Long> counts = trees.counts();
    List<JavaPairRDD<Node, byte[]>> roots = new ArrayList<>();
    for (int level = 0; level < counts.size(); level++) {
      roots.add(trees.roots(level));
    }
    return new DistributedTree<>(action, fanIn, roots, counts, plan.figures().longest(), itemBytes);
  }

  private static JavaPairRDD<Home, byte[]> union(List<JavaPairRDD<Home, byte[]>> all) {
    JavaPairRDD<Home, byte[]> union = all.get(0);
    for (JavaPairRDD<Home, byte[]> other : all.subList(1, all.size())) {
      union = union.union(other);
    }
    return union;
  }

  private static JavaRDD<byte[]> ends(DistributedTree<State, Summary> tree) {
    JavaRDD<byte[]> union = null;
    for (JavaRDD<Tuple2<byte[], byte[]>> level : tree.behind()) {
      JavaRDD<byte[]> packed =
          level.map(
              behind -> {
                SequenceState end = SequenceState.unpack(behind._1());
                return new SequenceState(end.sequence(), end.nextPosition(), behind._2()).pack();
              });
      union = union == null ? packed : union.union(packed);
    }
    return union;
  }
}
