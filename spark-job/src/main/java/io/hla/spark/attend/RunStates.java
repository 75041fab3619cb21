package io.hla.spark.attend;

import io.hla.kernels.State;
import io.hla.spark.scan.Node;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * The states in front of runs on their way to the tasks that read the runs: to every executor when
 * they are small together, else to the partition of their run alone.
 */
interface RunStates {
  int PREFIXES_PER_FILE = 1000;

  /** Work on one partition, with the bytes of the state in front of a run, or null. */
  interface Task<T> extends Serializable {
    Iterator<T> run(int partition, Iterator<InternalRow> rows, Function<PlannedRun, byte[]> states);
  }

  /**
   * Runs a task on every partition of the token table. It asks for runs in the order of their first
   * rows.
   */
  <T> JavaRDD<T> map(JavaRDD<InternalRow> rows, Task<T> task);

  /** These states with the matrices that the next scan step determines. */
  RunStates join(RunStates next);

  /** The states in front of all runs; null bytes where nothing stands in front. */
  JavaRDD<SequenceState> prefixes(
      JavaSparkContext context,
      RunPlan plan,
      Broadcast<? extends List<List<PlannedRun>>> byPartition);

  /** States that every executor gets; a run without one starts from nothing. */
  record Everywhere(JavaSparkContext context, Broadcast<Map<Node, byte[]>> states)
      implements RunStates {
    static Everywhere of(JavaSparkContext context, Map<Node, byte[]> states) {
      return new Everywhere(context, context.broadcast(states));
    }

    @Override
    public RunStates join(RunStates next) {
      Map<Node, byte[]> joined = new HashMap<>(states.value());
      Map<Node, byte[]> other = ((Everywhere) next).states.value();
      joined.replaceAll((node, state) -> ofSteps(state, other.get(node)));
      return of(context, joined);
    }

    @Override
    public JavaRDD<SequenceState> prefixes(
        JavaSparkContext context,
        RunPlan plan,
        Broadcast<? extends List<List<PlannedRun>>> byPartition) {
      List<SequenceState> all = new ArrayList<>();
      plan.bySequence()
          .forEach(
              runs -> runs.forEach(run -> all.add(prefix(run, states.value().get(run.node())))));
      return context.parallelize(all, 1 + all.size() / PREFIXES_PER_FILE);
    }

    @Override
    public <T> JavaRDD<T> map(JavaRDD<InternalRow> rows, Task<T> task) {
      Broadcast<Map<Node, byte[]>> all = states;
      return rows.mapPartitionsWithIndex(
          (partition, it) -> task.run(partition, it, run -> all.value().get(run.node())), true);
    }
  }

  /** A run and the state in front of it. */
  private static SequenceState prefix(PlannedRun run, byte[] state) {
    return new SequenceState(run.run().sequence(), run.run().start(), state);
  }

  /** States by the home of their run, partitioned and sorted like the runs of the token table. */
  record AtHome(JavaPairRDD<Home, byte[]> states) implements RunStates {
    @Override
    public <T> JavaRDD<T> map(JavaRDD<InternalRow> rows, Task<T> task) {
      JavaRDD<Tuple2<Integer, Iterator<InternalRow>>> partitions =
          rows.mapPartitionsWithIndex(
              (partition, it) -> List.of(new Tuple2<>(partition, it)).iterator(), true);
      return partitions.zipPartitions(
          states,
          (it, homes) -> {
            Tuple2<Integer, Iterator<InternalRow>> partition = it.next();
            return task.run(partition._1(), partition._2(), new Cursor(homes));
          });
    }

    @Override
    public JavaRDD<SequenceState> prefixes(
        JavaSparkContext context,
        RunPlan plan,
        Broadcast<? extends List<List<PlannedRun>>> byPartition) {
      List<SequenceState> unscanned = new ArrayList<>();
      plan.bySequence()
          .forEach(
              runs ->
                  runs.stream()
                      .filter(run -> !run.scanned())
                      .forEach(run -> unscanned.add(prefix(run, null))));
      return states
          .map(
              state ->
                  prefix(
                      byPartition.value().get(state._1().partition()).get(state._1().ordinal()),
                      state._2()))
          .union(context.parallelize(unscanned, 1 + unscanned.size() / PREFIXES_PER_FILE));
    }

    /** Brings states home, given where each run lies. */
    static AtHome of(
        JavaPairRDD<Node, byte[]> states, Broadcast<Map<Node, Home>> homes, int partitions) {
      return new AtHome(
          states
              .mapToPair(state -> new Tuple2<>(homes.value().get(state._1()), state._2()))
              .repartitionAndSortWithinPartitions(new ByHome(partitions)));
    }

    @Override
    public RunStates join(RunStates next) {
      return new AtHome(
          states.zipPartitions(((AtHome) next).states, AtHome::joined).mapToPair(pair -> pair));
    }

    private static Iterator<Tuple2<Home, byte[]>> joined(
        Iterator<Tuple2<Home, byte[]>> first, Iterator<Tuple2<Home, byte[]>> second) {
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return first.hasNext();
        }

        @Override
        public Tuple2<Home, byte[]> next() {
          Tuple2<Home, byte[]> one = first.next();
          return new Tuple2<>(one._1(), ofSteps(one._2(), second.next()._2()));
        }
      };
    }
  }

  /** The joined states of two scan steps. */
  static byte[] ofSteps(byte[] first, byte[] second) {
    return State.ofSteps(List.of(State.fromBytes(first), State.fromBytes(second))).toBytes();
  }

  /** Where a run lies: its partition, and its ordinal there. */
  record Home(int partition, int ordinal) implements Serializable, Comparable<Home> {
    @Override
    public int compareTo(Home other) {
      return partition != other.partition
          ? Integer.compare(partition, other.partition)
          : Integer.compare(ordinal, other.ordinal);
    }

    static HashMap<Node, Home> of(List<List<PlannedRun>> bySequence) {
      HashMap<Node, Home> homes = new HashMap<>();
      for (List<PlannedRun> runs : bySequence) {
        for (PlannedRun run : runs) {
          if (run.scanned()) {
            homes.put(run.node(), new Home(run.run().partition(), run.ordinal()));
          }
        }
      }
      return homes;
    }
  }

  /** Partitions like the token table. */
  final class ByHome extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int partitions;

    ByHome(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      return ((Home) key).partition();
    }
  }

  /** Hands out the states of a partition as its runs are asked for, in order. */
  final class Cursor implements Function<PlannedRun, byte[]> {
    private final Iterator<Tuple2<Home, byte[]>> states;

    Cursor(Iterator<Tuple2<Home, byte[]>> states) {
      this.states = states;
    }

    @Override
    public byte[] apply(PlannedRun run) {
      if (!run.scanned()) {
        return null;
      }
      // Runs whose state nobody asked for are passed over.
      while (states.hasNext()) {
        Tuple2<Home, byte[]> next = states.next();
        if (next._1().ordinal() == run.ordinal()) {
          return next._2();
        }
      }
      throw new IllegalStateException("no state came for " + run);
    }
  }
}
