package io.hla.spark.text;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Plans {@link TextRowsNode}; others it leaves to Spark. */
public final class TextRowsStrategy extends SparkStrategy {
  private static final long serialVersionUID = 1L;

  @Override
  public Seq<SparkPlan> apply(LogicalPlan logical) {
    List<SparkPlan> planned = new ArrayList<>();
    if (logical instanceof TextRowsNode node) {
      planned.add(TextRowsExec.of(planLater(node.input()), node.columns(), node.texts()));
    }
    return CollectionConverters.asScala(planned).toSeq();
  }
}
