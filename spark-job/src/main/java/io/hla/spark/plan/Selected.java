package io.hla.spark.plan;

import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.classic.SparkSession;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Columns of an analyzed plan. Unlike {@link Dataset#select} it takes plans that are part of
 * another one, such as a reference to a common table expression.
 */
public final class Selected {
  private Selected() {}

  /** The columns of a plan, as a plan. */
  public static LogicalPlan of(SparkSession session, LogicalPlan table, List<Column> columns) {
    List<NamedExpression> expressions =
        columns.stream().map(column -> (NamedExpression) session.expression(column)).toList();
    return session
        .sessionState()
        .analyzer()
        .execute(new Project(CollectionConverters.asScala(expressions).toSeq(), table));
  }

  /** The analyzed plan of a table. */
  public static LogicalPlan analyzed(Dataset<Row> table) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) table).queryExecution().analyzed();
  }
}
