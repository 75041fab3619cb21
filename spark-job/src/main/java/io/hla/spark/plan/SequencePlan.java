package io.hla.spark.plan;

import java.util.Map;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.metric.SQLMetric;

/** What the nodes of one request share, and ask for what they need. */
public interface SequencePlan {
  /** An input as it is to be read: its files split by settings that results may rest on. */
  LogicalPlan pinned(LogicalPlan input);

  /** A line about a table of this plan, for people who read plans. */
  String describe(AttentionTable table);

  /** All metrics of a node, by a key. */
  Map<String, SQLMetric> metrics();

  /** The rows of a node, behind all passes that have to run first. */
  RDD<InternalRow> rows(AttentionExec node);
}
