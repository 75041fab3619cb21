package io.hla.spark.attend;

import io.hla.kernels.State;
import io.hla.kernels.Summary;
import io.hla.spark.report.Report;
import io.hla.spark.scan.DistributedTree;
import io.hla.spark.scan.Node;
import io.hla.spark.scan.PrefixTree;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.Tuple2;

/**
 * One scan step, from the summaries of runs to the states in front of them: on the driver when all
 * summaries are small together, else on executors. Both give the same bits.
 */
final class StateScan {
  private final JavaSparkContext context;
  private final RunPlan plan;
  private final StateAction action;
  private final int fanIn;
  private final boolean withFinal;
  private final Report report;

  StateScan(
      JavaSparkContext context,
      RunPlan plan,
      StateAction action,
      int fanIn,
      boolean withFinal,
      Report report) {
    this.context = context;
    this.plan = plan;
    this.action = action;
    this.fanIn = fanIn;
    this.withFinal = withFinal;
    this.report = report;
  }

  /**
   * States after a scan step.
   *
   * @param inFront in front of the runs that take part
   * @param behind behind the sequences, by ordinal; empty unless final states are wanted
   */
  record Scanned(RunStates inFront, JavaPairRDD<Integer, byte[]> behind) {
    /** With the matrices that the next step determines. */
    Scanned join(Scanned next) {
      return new Scanned(
          inFront.join(next.inFront),
          behind.join(next.behind).mapValues(both -> RunStates.ofSteps(both._1(), both._2())));
    }
  }

  /** Scans on the driver. */
  Scanned onDriver(JavaPairRDD<Node, byte[]> items) {
    if (plan.summarized() == 0) {
      return scan(Map.of());
    }
    Map<Node, byte[]> summaries =
        report.phase(
            "summarize",
            "turning " + plan.summarized() + " runs into summaries",
            () -> collect(items));
    return report.phase(
        "scan",
        "finding the states in front of " + plan.scanned() + " runs",
        () -> scan(summaries));
  }

  private static Map<Node, byte[]> collect(JavaPairRDD<Node, byte[]> items) {
    Map<Node, byte[]> summaries = new HashMap<>();
    for (Tuple2<Node, byte[]> item : items.collect()) {
      summaries.put(item._1(), item._2());
    }
    return summaries;
  }

  private Scanned scan(Map<Node, byte[]> summaries) {
    PrefixTree<State, Summary> tree = new PrefixTree<>(action, fanIn);
    Map<Node, byte[]> inFront = new HashMap<>();
    List<Tuple2<Integer, byte[]>> behind = new ArrayList<>();
    for (List<PlannedRun> runs : plan.bySequence()) {
      if (!runs.get(0).scanned()) {
        continue;
      }
      List<Summary> items = new ArrayList<>();
      for (PlannedRun run : runs) {
        if (run.summarized()) {
          items.add(Summary.fromBytes(summaries.remove(run.node())));
        }
      }
      int sequence = runs.get(0).node().sequence();
      PrefixTree.Scanned<State> scanned = tree.scan(action.first(sequence), items, runs.size());
      for (int rank = 0; rank < runs.size(); rank++) {
        State state = scanned.inFront().get(rank);
        if (state.tokens() > 0) {
          inFront.put(runs.get(rank).node(), action.stateBytes(state));
        }
      }
      if (withFinal) {
        behind.add(new Tuple2<>(sequence, scanned.behind().toBytes()));
      }
    }
    return new Scanned(
        RunStates.Everywhere.of(context, inFront), context.parallelizePairs(behind, 1));
  }

  /** Scans on executors, level by level. */
  Scanned onExecutors(
      JavaPairRDD<Node, byte[]> items, long itemBytes, Broadcast<Map<Node, RunStates.Home>> homes) {
    DistributedTree<State, Summary> tree =
        new DistributedTree<>(
            action,
            fanIn,
            items,
            plan.scanned(),
            plan.bySequence().size(),
            plan.longest(),
            itemBytes);
    report.phase(
        "summarize",
        String.format(
            "turning %d runs into summaries, combined on executors in %d levels",
            plan.summarized(), tree.levels()),
        tree::combine);
    return new Scanned(
        RunStates.AtHome.of(tree.inFront(), homes, plan.byPartition().size()),
        withFinal
            ? tree.behind()
            : JavaPairRDD.fromJavaRDD(context.<Tuple2<Integer, byte[]>>emptyRDD()));
  }
}
