package io.hla.spark.attend;

import io.hla.spark.scan.TreeShape;
import java.util.List;

/**
 * What one step of the scan costs when nothing is done twice. All of it follows from the runs, so
 * that a report says the same however often a task was run.
 *
 * @param levels of the highest tree
 * @param combines combinations of two summaries
 * @param advances moves of a state past a summary
 * @param summaries sent on: to the driver, or from level to level
 * @param states sent on: by the driver, or from level to level and to the runs
 */
record ScanCost(int levels, long combines, long advances, long summaries, long states) {

  /**
   * @param continued sequences that go on from a state
   * @param withFinal whether the states behind the sequences are computed
   */
  static ScanCost of(
      RunPlan plan, int fanIn, int continued, boolean withFinal, boolean onExecutors) {
    int levels = plan.scanned() == 0 ? 0 : TreeShape.of(plan.longest(), fanIn).levels();
    long combines = 0;
    long advances = 0;
    long summaries = plan.summarized();
    // The driver sends no state to a run that nothing stands in front of.
    long states = plan.scanned() + (onExecutors ? 0 : continued);
    for (List<PlannedRun> runs : plan.bySequence()) {
      if (!runs.get(0).scanned()) {
        continue;
      }
      TreeShape shape =
          onExecutors ? TreeShape.of(runs.size(), fanIn, levels) : TreeShape.of(runs.size(), fanIn);
      combines += withFinal ? runs.size() - 1 : shape.combinesWithoutLast(fanIn);
      advances += shape.advances() + (withFinal ? 1 : 0);
      if (onExecutors) {
        summaries += shape.groups() - (withFinal ? 0 : levels - 1);
        states += shape.groups();
      } else {
        states--;
      }
    }
    return new ScanCost(levels, combines, advances, summaries, states);
  }
}
