package io.hla.spark.sql;

import io.hla.spark.InputException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.spark.sql.catalyst.analysis.UnresolvedAttribute;
import org.apache.spark.sql.catalyst.expressions.Ascending$;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.FunctionTableSubqueryArgumentExpression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.internal.SQLConf;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/** A TABLE argument: the plan of the table, and the columns that its clauses name. */
final class TableArgument {
  private final String function;
  private final FunctionTableSubqueryArgumentExpression table;

  TableArgument(String function, FunctionTableSubqueryArgumentExpression table) {
    this.function = function;
    this.table = table;
  }

  /** The table, analyzed. */
  LogicalPlan plan() {
    return table.plan();
  }

  /** Whether one of the clauses follows the table. */
  boolean hasClauses() {
    return table.withSinglePartition()
        || !table.partitionByExpressions().isEmpty()
        || !table.orderByExpressions().isEmpty();
  }

  /** Whether a clause says that the table is one sequence. */
  boolean isOneSequence() {
    return table.withSinglePartition();
  }

  /**
   * The sequence column of PARTITION BY, or null without the clause.
   *
   * @throws InputException HLA_TABLE_CLAUSE for anything but one column
   */
  String sequence() {
    List<Expression> partitionBy =
        CollectionConverters.asJava(table.partitionByExpressions()).stream().toList();
    return partitionBy.isEmpty() ? null : column("PARTITION BY", partitionBy, "the sequence");
  }

  /**
   * The position column of ORDER BY, or null without the clause.
   *
   * @throws InputException HLA_TABLE_CLAUSE for anything but one column, ascending
   */
  String position() {
    List<SortOrder> orderBy =
        CollectionConverters.asJava(table.orderByExpressions()).stream().toList();
    if (orderBy.isEmpty()) {
      return null;
    }
    if (!orderBy.get(0).direction().equals(Ascending$.MODULE$)) {
      throw refused("ORDER BY " + orderBy.get(0).sql() + ", expected ascending positions");
    }
    return column("ORDER BY", orderBy.stream().map(SortOrder::child).toList(), "the position");
  }

  /** The key of an option that sets what a clause sets too, or null. */
  String alsoSetBy(Set<String> options) {
    boolean sequence = table.withSinglePartition() || !table.partitionByExpressions().isEmpty();
    if (sequence && options.contains("sequence")) {
      return "sequence";
    }
    return !table.orderByExpressions().isEmpty() && options.contains("position")
        ? "position"
        : null;
  }

  private String column(String clause, List<Expression> expressions, String what) {
    if (expressions.size() == 1 && expressions.get(0) instanceof UnresolvedAttribute name) {
      Option<NamedExpression> found = plan().resolve(name.nameParts(), SQLConf.get().resolver());
      if (found.isDefined() && found.get() instanceof Attribute column) {
        return column.name();
      }
      if (found.isEmpty()) {
        throw new InputException(
            "HLA_INPUT_COLUMN",
            String.format(
                Locale.ROOT,
                "the table has no column %s, it has %s",
                name.name(),
                List.of(plan().schema().fieldNames())));
      }
    }
    List<String> texts = expressions.stream().map(Expression::sql).toList();
    throw refused(
        clause + " " + String.join(", ", texts) + ", expected the column of " + what + " alone");
  }

  private InputException refused(String message) {
    return new InputException("HLA_TABLE_CLAUSE", function + ": " + message);
  }
}
