package io.hla.spark.scan;

/**
 * What one step of the scan costs when nothing is done twice. All of it follows from the lengths of
 * the sequences in runs, so that a report says the same however often a task was run.
 *
 * @param combines combinations of two summaries
 * @param advances moves of a state past a summary
 * @param summaries sent on: to the driver, or from level to level
 * @param states sent on: by the driver, or from level to level and to the runs
 */
public record ScanCost(long combines, long advances, long summaries, long states) {
  public static final ScanCost NONE = new ScanCost(0, 0, 0, 0);

  /**
   * The cost of one sequence.
   *
   * @param runs runs of the sequence, at least 1
   * @param continued whether it goes on from a state
   * @param withFinal whether the state behind it is computed
   */
  public static ScanCost of(
      int runs, int fanIn, boolean continued, boolean withFinal, boolean onExecutors) {
    TreeShape shape = TreeShape.of(runs, fanIn);
    int summarized = withFinal ? runs : runs - 1;
    return new ScanCost(
        withFinal ? runs - 1L : shape.combinesWithoutLast(fanIn),
        shape.advances() + (withFinal ? 1 : 0),
        onExecutors
            ? summarized + shape.groups() - (withFinal ? 0 : shape.levels() - 1)
            : summarized,
        // The driver sends no state to a run that nothing stands in front of.
        onExecutors ? runs + shape.groups() : runs - (continued ? 0 : 1));
  }

  public ScanCost plus(ScanCost other) {
    return new ScanCost(
        combines + other.combines,
        advances + other.advances,
        summaries + other.summaries,
        states + other.states);
  }
}
