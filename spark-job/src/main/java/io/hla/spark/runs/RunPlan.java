package io.hla.spark.runs;

import io.hla.spark.table.SequenceKey;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;

/**
 * What every run of a table is needed for. Small plans are made on the driver and broadcast, others
 * are made on executors and never leave them; both by {@link RunOrder}.
 */
public interface RunPlan {
  StreamFigures figures();

  /** Partitions of the tokens. */
  int partitions();

  /** The packed runs of every partition. */
  JavaRDD<byte[]> pieces();

  /** Packed {@link PlanEntry}s of the runs that take part in the scan, at home. */
  JavaPairRDD<Home, byte[]> scanned();

  /** Initial states at the first runs of their sequences, at home; null for none. */
  JavaPairRDD<Home, byte[]> initial();

  /** Initial states of sequences that have no run, packed. */
  JavaRDD<byte[]> untouched();

  /** All runs, those of a sequence in stream order in one partition. */
  JavaRDD<Run> runs();

  /** Runs of one sequence, of ranks {@code from} to {@code to - 1}, in stream order. */
  List<Run> runsOf(SequenceKey sequence, long from, long to);

  /** The runs of every partition, each with what it is needed for. */
  default JavaRDD<PlannedRun> planned() {
    return pieces().zipPartitions(scanned(), PlanEntry::join);
  }

  /** The same with initial states in front of the first runs of their sequences. */
  default JavaRDD<PlannedRun> withInitial() {
    return initial() == null
        ? planned()
        : planned().zipPartitions(initial(), PlanEntry::withInitial);
  }

  /** The runs of every partition with the states in front of those that take part in the scan. */
  default JavaRDD<PlannedRun> withStates(JavaPairRDD<Home, byte[]> states) {
    return planned().zipPartitions(states, PlanEntry::withStates);
  }
}
