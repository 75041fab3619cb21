package io.hla.spark.passes;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;

/**
 * What the tasks of a job count, as Spark's own SQL metrics: they stand at the node in the plans of
 * Spark's UI. They count the work that was done: what a task did that was run again is counted
 * again.
 *
 * @param positions read to find the runs
 * @param summarizedTokens tokens read for summaries
 * @param summaries of runs and groups that were sent on
 * @param summaryBytes bytes of these
 * @param combines combinations of two summaries
 * @param advances moves of a state past a summary
 * @param states in front of runs and groups that were sent on
 * @param stateBytes bytes of these
 * @param attendedTokens tokens that got their output
 * @param reading time of tasks in reading tokens, in both passes
 * @param computing time of tasks in kernels, in both passes
 */
public record JobMetrics(
    SQLMetric positions,
    SQLMetric summarizedTokens,
    SQLMetric summaries,
    SQLMetric summaryBytes,
    SQLMetric combines,
    SQLMetric advances,
    SQLMetric states,
    SQLMetric stateBytes,
    SQLMetric attendedTokens,
    SQLMetric reading,
    SQLMetric computing)
    implements Serializable {

  public static JobMetrics of(SparkContext context) {
    return new JobMetrics(
        SQLMetrics.createMetric(context, "positions read"),
        SQLMetrics.createMetric(context, "tokens summarized"),
        SQLMetrics.createMetric(context, "summaries"),
        SQLMetrics.createMetric(context, "summary bytes"),
        SQLMetrics.createMetric(context, "combines"),
        SQLMetrics.createMetric(context, "advances"),
        SQLMetrics.createMetric(context, "states"),
        SQLMetrics.createMetric(context, "state bytes"),
        SQLMetrics.createMetric(context, "tokens attended"),
        SQLMetrics.createNanoTimingMetric(context, "time reading tokens", 0),
        SQLMetrics.createNanoTimingMetric(context, "time computing", 0));
  }

  /** All of them by a key. */
  public Map<String, SQLMetric> byName() {
    Map<String, SQLMetric> all = new LinkedHashMap<>();
    all.put("positions", positions);
    all.put("summarizedTokens", summarizedTokens);
    all.put("summaries", summaries);
    all.put("summaryBytes", summaryBytes);
    all.put("combines", combines);
    all.put("advances", advances);
    all.put("states", states);
    all.put("stateBytes", stateBytes);
    all.put("attendedTokens", attendedTokens);
    all.put("reading", reading);
    all.put("computing", computing);
    return all;
  }

  /** Counts a summary that is sent on, and gives its bytes back. */
  public byte[] sentSummary(byte[] bytes) {
    summaries.add(1);
    summaryBytes.add(bytes.length);
    return bytes;
  }

  /** Counts a state that is sent on, and gives its bytes back. */
  public byte[] sentState(byte[] bytes) {
    states.add(1);
    stateBytes.add(bytes.length);
    return bytes;
  }
}
