package io.hla.spark.attend;

import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import io.hla.spark.scan.Node;
import io.hla.spark.scan.RunTable;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which runs every partition holds, in the order of their first rows, and what each is needed for.
 */
final class RunPlan {
  private final ArrayList<List<PlannedRun>> byPartition = new ArrayList<>();
  private final List<List<PlannedRun>> bySequence = new ArrayList<>();
  private long scanned;
  private long summarized;
  private int longest;

  /**
   * @param stored runs by partition and the order of their first rows
   * @param table the same runs in stream order
   * @param continued sequences that go on from a state
   * @param withFinal whether the states behind the sequences are wanted
   */
  RunPlan(
      int partitions,
      List<Run> stored,
      RunTable table,
      Set<SequenceKey> continued,
      boolean withFinal) {
    Map<Run, Integer> ordinals = new IdentityHashMap<>();
    for (int p = 0; p < partitions; p++) {
      byPartition.add(new ArrayList<>());
    }
    for (Run run : stored) {
      List<PlannedRun> partition = byPartition.get(run.partition());
      ordinals.put(run, partition.size());
      partition.add(null);
    }
    for (Map.Entry<SequenceKey, List<Run>> entry : table.bySequence().entrySet()) {
      List<Run> runs = entry.getValue();
      boolean scans = withFinal || runs.size() > 1 || continued.contains(entry.getKey());
      List<PlannedRun> planned = new ArrayList<>(runs.size());
      for (Run run : runs) {
        boolean last = planned.size() == runs.size() - 1;
        int ordinal = ordinals.get(run);
        Node node = new Node(bySequence.size(), planned.size());
        PlannedRun next = new PlannedRun(ordinal, run, node, scans, scans && (withFinal || !last));
        byPartition.get(run.partition()).set(ordinal, next);
        planned.add(next);
        scanned += next.scanned() ? 1 : 0;
        summarized += next.summarized() ? 1 : 0;
      }
      longest = Math.max(longest, scans ? runs.size() : 0);
      bySequence.add(planned);
    }
  }

  /** Where planned runs lie. */
  static List<Run> stored(List<PlannedRun> planned) {
    return planned.stream().map(PlannedRun::run).toList();
  }

  /** Serializable: one list a partition. */
  ArrayList<List<PlannedRun>> byPartition() {
    return byPartition;
  }

  /** In the order of the sequence ordinals. */
  List<List<PlannedRun>> bySequence() {
    return bySequence;
  }

  /** Runs that take part in the scan. */
  long scanned() {
    return scanned;
  }

  /** Runs whose summary is needed. */
  long summarized() {
    return summarized;
  }

  /** Runs of the longest sequence that is scanned. */
  int longest() {
    return longest;
  }
}
