package io.hla.spark.plan;

import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.rdd.DeterministicLevel;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.adaptive.BroadcastQueryStageExec;
import org.apache.spark.sql.execution.adaptive.QueryStageExec;
import org.apache.spark.sql.execution.columnar.InMemoryTableScanExec;
import org.apache.spark.sql.execution.exchange.BroadcastExchangeLike;
import org.apache.spark.sql.execution.exchange.ReusedExchangeExec;
import org.apache.spark.sql.execution.exchange.ShuffleExchangeLike;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Whether the rows of a plan are the same whenever they are read. Behind a shuffle the order of
 * rows changes from reading to reading, and with it sums of doubles, collected lists and limits.
 */
final class Stability {
  private Stability() {}

  /** Why rows may differ when they are read again, or null if they do not. */
  static String problem(SparkPlan plan, RDD<?> rows) {
    String problem = problem(plan);
    if (problem != null) {
      return problem;
    }
    // Limits shuffle without a node that says so; rows of the user's own may come from anywhere.
    return isDeterminate(rows) ? null : "the order of its rows differs from reading to reading";
  }

  /** Whether no step on the way from what is stored changes the order of rows. */
  private static boolean isDeterminate(RDD<?> rows) {
    if (rows instanceof AttentionRows || rows.getStorageLevel().useDisk()) {
      return true;
    }
    List<Dependency<?>> parents = List.copyOf(CollectionConverters.asJava(rows.dependencies()));
    if (parents.isEmpty() || parents.stream().anyMatch(ShuffleDependency.class::isInstance)) {
      return rows.outputDeterministicLevel().equals(DeterministicLevel.DETERMINATE());
    }
    return parents.stream().allMatch(parent -> isDeterminate(parent.rdd()));
  }

  private static String problem(SparkPlan plan) {
    if (plan instanceof InMemoryTableScanExec || plan instanceof AttentionExec) {
      return null;
    }
    if (plan instanceof BroadcastExchangeLike || plan instanceof BroadcastQueryStageExec) {
      // Collected once for this plan.
      return null;
    }
    if (plan instanceof ShuffleExchangeLike) {
      return "its plan shuffles rows (" + plan.nodeName() + ")";
    }
    for (Expression expression : CollectionConverters.asJava(plan.expressions())) {
      if (!expression.deterministic()) {
        return "its plan is not deterministic (" + expression.sql() + ")";
      }
    }
    if (plan instanceof QueryStageExec stage) {
      return problem(stage.plan());
    }
    if (plan instanceof ReusedExchangeExec reused) {
      return problem(reused.child());
    }
    for (SparkPlan child : CollectionConverters.asJava(plan.children())) {
      String problem = problem(child);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  /** Whether a plan reads one table and does nothing else than choose rows and columns of it. */
  static boolean isScan(SparkPlan plan) {
    int children = plan.children().size();
    boolean stops =
        plan instanceof InMemoryTableScanExec
            || plan instanceof AttentionExec
            || plan instanceof ShuffleExchangeLike
            || plan instanceof QueryStageExec;
    return !stops && children == 1
        ? isScan(plan.children().head())
        : plan instanceof InMemoryTableScanExec || (!stops && children == 0);
  }
}
