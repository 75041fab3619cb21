package io.hla.spark.attend;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Summary;
import io.hla.spark.input.Run;
import io.hla.spark.input.TokenTable;
import io.hla.spark.scan.Node;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * The summaries of some runs of a job, made as its first pass makes them. Only partitions that hold
 * one of them are read, and the driver holds no others.
 */
public final class RunSummaries {
  private final JavaSparkContext context;
  private final TokenTable table;
  private final AttentionSettings settings;
  private final AttendOptions options;
  private final RunPlan plan;
  private final JobMetrics metrics;

  RunSummaries(
      JavaSparkContext context,
      TokenTable table,
      AttentionSettings settings,
      AttendOptions options,
      RunPlan plan,
      JobMetrics metrics) {
    this.context = context;
    this.table = table;
    this.settings = settings;
    this.options = options;
    this.plan = plan;
    this.metrics = metrics;
  }

  /** The summaries of the first scan step of some runs of one sequence, in stream order. */
  public List<Summary> of(List<Run> wanted) {
    Set<Run> chosen = new HashSet<>(wanted);
    ArrayList<List<PlannedRun>> byPartition = new ArrayList<>();
    for (List<PlannedRun> runs : plan.byPartition()) {
      List<PlannedRun> partition = new ArrayList<>();
      for (PlannedRun run : runs) {
        boolean isChosen = chosen.contains(run.run());
        partition.add(new PlannedRun(run.ordinal(), run.run(), run.node(), isChosen, isChosen));
      }
      byPartition.add(partition);
    }
    SummaryPass pass =
        new SummaryPass(
            table.layout(), settings, options, 0, context.broadcast(byPartition), metrics);
    Map<Node, Summary> ordered = new TreeMap<>();
    for (Tuple2<Node, byte[]> item :
        pass.summaries(table.rows(), RunStates.Everywhere.of(context, Map.of())).collect()) {
      ordered.put(item._1(), Summary.fromBytes(item._2()));
    }
    return List.copyOf(ordered.values());
  }
}
