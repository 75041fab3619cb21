package io.hla.spark.attend;

import io.hla.spark.report.Report;
import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.LongAccumulator;

/**
 * What the tasks of a job count, under its name on the pages of their stages in Spark's UI. They
 * count the work that was done: what a task did that was run again is counted again.
 *
 * @param kernels kernels that tasks used
 * @param positions read to find the runs
 * @param summarizedTokens tokens read for summaries
 * @param summaries of runs and groups that were sent on
 * @param summaryBytes bytes of these
 * @param combines combinations of two summaries
 * @param advances moves of a state past a summary
 * @param states in front of runs and groups that were sent on
 * @param stateBytes bytes of these
 * @param attendedTokens tokens that got their output
 */
record JobMetrics(
    CollectionAccumulator<String> kernels,
    LongAccumulator positions,
    LongAccumulator summarizedTokens,
    LongAccumulator summaries,
    LongAccumulator summaryBytes,
    LongAccumulator combines,
    LongAccumulator advances,
    LongAccumulator states,
    LongAccumulator stateBytes,
    LongAccumulator attendedTokens)
    implements Serializable {

  static JobMetrics of(SparkContext context, Report report) {
    return new JobMetrics(
        report.kernels(context),
        context.longAccumulator("HLA positions read"),
        context.longAccumulator("HLA tokens summarized"),
        context.longAccumulator("HLA summaries"),
        context.longAccumulator("HLA summary bytes"),
        context.longAccumulator("HLA combines"),
        context.longAccumulator("HLA advances"),
        context.longAccumulator("HLA states"),
        context.longAccumulator("HLA state bytes"),
        context.longAccumulator("HLA tokens attended"));
  }

  byte[] sentSummary(byte[] bytes) {
    summaries.add(1);
    summaryBytes.add(bytes.length);
    return bytes;
  }

  byte[] sentState(byte[] bytes) {
    states.add(1);
    stateBytes.add(bytes.length);
    return bytes;
  }
}
