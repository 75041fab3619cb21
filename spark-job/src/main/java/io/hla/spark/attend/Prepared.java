package io.hla.spark.attend;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Summary;
import io.hla.spark.Figure;
import io.hla.spark.passes.OutputPass;
import io.hla.spark.passes.RecomputePass;
import io.hla.spark.passes.RunProof;
import io.hla.spark.passes.SummaryPass;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.runs.Run;
import io.hla.spark.runs.RunPlan;
import io.hla.spark.scan.TreeItem;
import io.hla.spark.shuffle.Packing;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * A job of which all passes but the last have run.
 *
 * @param settings with the head sizes of the table
 * @param rows the tokens, in the partitions of the plan
 * @param plan the runs and what they are needed for
 * @param occupied the partitions that hold tokens
 * @param runs with the states in front of them, in the partitions of the tokens
 * @param summaryPass the first pass
 * @param outputPass the last pass
 * @param outputWork what is done for the outputs: the last pass, unless something is wrong on
 *     purpose
 * @param finalStates packed states behind all sequences, and initial ones of others; empty unless
 *     wanted
 * @param prefixes packed states in front of all runs
 * @param figures of the job
 */
public record Prepared(
    AttentionSettings settings,
    JavaRDD<InternalRow> rows,
    RunPlan plan,
    OccupiedPartitions occupied,
    JavaRDD<PlannedRun> runs,
    SummaryPass summaryPass,
    OutputPass outputPass,
    PartitionWork<InternalRow> outputWork,
    JavaRDD<byte[]> finalStates,
    JavaRDD<byte[]> prefixes,
    Map<Figure, Object> figures) {

  /** Rows ([seq], pos, o, kept columns), computed when they are read. */
  public JavaRDD<InternalRow> outputs() {
    return occupied.of(allOutputs());
  }

  /** The same in the partitions of the plan, those without tokens among them. */
  public JavaRDD<InternalRow> allOutputs() {
    return PartitionWork.zip(rows, runs, outputWork);
  }

  /**
   * The runs computed again, token by token in double, from the states in front of them, and
   * compared with the outputs.
   *
   * @param share of the runs that are computed again, 1 for all
   * @param seed chooses them
   * @return packed {@link RunProof}s of the chosen runs
   */
  public JavaRDD<byte[]> recomputed(double share, long seed) {
    RecomputePass pass = new RecomputePass(outputPass.layout(), settings, share, seed);
    JavaRDD<RecomputePass.Input> inputs =
        PartitionWork.zip(
            rows,
            runs,
            (partition, tokens, planned) ->
                List.of(new RecomputePass.Input(partition, tokens, planned)).iterator());
    return occupied.of(inputs).zipPartitions(outputs(), (input, o) -> pass.run(input.next(), o));
  }

  /**
   * The summaries of the first scan step of some runs of one sequence, in their order. Only
   * partitions that hold one of them are read, and the driver holds no others.
   */
  public List<Summary> summaries(List<Run> runs) {
    Map<Run, Integer> ranks = new HashMap<>();
    runs.forEach(run -> ranks.put(run, ranks.size()));
    List<Summary> found = new ArrayList<>(Collections.nCopies(runs.size(), null));
    JavaRDD<PlannedRun> chosen = plan.planned().map(run -> chosen(run, ranks.get(run.run())));
    SummaryPass pass = summaryPass;
    for (byte[] packed :
        PartitionWork.zip(rows, chosen, pass::run)
            .map(
                item ->
                    Packing.pack(
                        out -> {
                          out.writeInt(item._1().index());
                          Packing.writeBytes(out, TreeItem.unpack(item._2()).summary());
                        }))
            .collect()) {
      Packing.unpack(
          packed, in -> found.set(in.readInt(), Summary.fromBytes(Packing.readBytes(in))));
    }
    return found;
  }

  private static PlannedRun chosen(PlannedRun run, Integer rank) {
    return new PlannedRun(
        run.ordinal(), run.run(), 0, rank == null ? -1 : rank, false, rank != null, false, null);
  }
}
