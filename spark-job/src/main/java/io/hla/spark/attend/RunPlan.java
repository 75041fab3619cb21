package io.hla.spark.attend;

import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import io.hla.spark.scan.RunTable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which runs every partition holds, in stored order, and which of them need a summary. */
final class RunPlan {
  private final List<List<PlannedRun>> byPartition;
  private final Map<SequenceKey, List<PlannedRun>> bySequence = new LinkedHashMap<>();
  private int summarized;

  /**
   * @param stored runs by partition and stored order
   * @param table the same runs in stream order
   * @param withFinal whether the state behind the last run of every sequence is wanted
   */
  RunPlan(int partitions, List<Run> stored, RunTable table, boolean withFinal) {
    Map<Run, PlannedRun> planned = new IdentityHashMap<>();
    int id = 0;
    for (Map.Entry<SequenceKey, List<Run>> sequence : table.bySequence().entrySet()) {
      List<Run> runs = sequence.getValue();
      List<PlannedRun> ordered = new ArrayList<>(runs.size());
      for (int rank = 0; rank < runs.size(); rank++) {
        boolean needed = withFinal || rank < runs.size() - 1;
        PlannedRun run = new PlannedRun(id++, runs.get(rank), needed);
        planned.put(runs.get(rank), run);
        ordered.add(run);
        summarized += needed ? 1 : 0;
      }
      bySequence.put(sequence.getKey(), ordered);
    }
    byPartition = new ArrayList<>(Collections.nCopies(partitions, null));
    byPartition.replaceAll(none -> new ArrayList<>());
    stored.forEach(run -> byPartition.get(run.partition()).add(planned.get(run)));
  }

  List<List<PlannedRun>> byPartition() {
    return byPartition;
  }

  Map<SequenceKey, List<PlannedRun>> bySequence() {
    return bySequence;
  }

  /** Runs whose summary is needed. */
  int summarized() {
    return summarized;
  }
}
