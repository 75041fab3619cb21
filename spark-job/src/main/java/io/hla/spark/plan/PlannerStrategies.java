package io.hla.spark.plan;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.jdk.javaapi.CollectionConverters;

/** Strategies for nodes that Spark's planner does not know. */
public final class PlannerStrategies {
  private PlannerStrategies() {}

  /** Makes a session plan by a strategy, unless it has one of that class. */
  public static void install(SparkSession session, SparkStrategy strategy) {
    synchronized (PlannerStrategies.class) {
      List<SparkStrategy> strategies = new ArrayList<>();
      CollectionConverters.asJava(session.experimental().extraStrategies())
          .forEach(installed -> strategies.add(installed));
      if (strategies.stream().noneMatch(strategy.getClass()::isInstance)) {
        strategies.add(strategy);
        session
            .experimental()
            .extraStrategies_$eq(CollectionConverters.asScala(strategies).toSeq());
      }
    }
  }
}
