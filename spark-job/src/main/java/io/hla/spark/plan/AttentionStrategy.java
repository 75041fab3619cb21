package io.hla.spark.plan;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Plans {@link AttentionNode}; others it leaves to Spark. */
public final class AttentionStrategy extends SparkStrategy {
  private static final long serialVersionUID = 1L;

  /** Makes a session plan attention, unless it does already. */
  public static void install(SparkSession session) {
    PlannerStrategies.install(session, new AttentionStrategy());
  }

  @Override
  public Seq<SparkPlan> apply(LogicalPlan logical) {
    List<SparkPlan> planned = new ArrayList<>();
    if (logical instanceof AttentionNode node) {
      List<SparkPlan> inputs = new ArrayList<>();
      node.inputs().forEach(input -> inputs.add(planLater(node.plan().pinned(input))));
      planned.add(new AttentionExec(inputs, node.columns(), node.table(), node.plan()));
    }
    return CollectionConverters.asScala(planned).toSeq();
  }
}
