package io.hla.spark.sql;

import io.hla.spark.Attention;
import io.hla.spark.AttentionOption;
import io.hla.spark.InputException;
import io.hla.spark.table.TokenColumns;
import java.util.List;
import java.util.Locale;
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

  /**
   * The request with the columns that the clauses name.
   *
   * @throws InputException HLA_TABLE_CLAUSE for anything but one column each
   */
  Attention name(Attention request) {
    TokenColumns columns = request.columns();
    if (table.withSinglePartition()) {
      columns = columns.withoutSequence();
    }
    List<Expression> partitionBy =
        CollectionConverters.asJava(table.partitionByExpressions()).stream().toList();
    if (!partitionBy.isEmpty()) {
      columns = columns.withSequence(column("PARTITION BY", partitionBy, "the sequence"));
    }
    List<SortOrder> orderBy =
        CollectionConverters.asJava(table.orderByExpressions()).stream().toList();
    if (!orderBy.isEmpty()) {
      if (!orderBy.get(0).direction().equals(Ascending$.MODULE$)) {
        throw refused("ORDER BY " + orderBy.get(0).sql() + ", expected ascending positions");
      }
      columns =
          columns.withPosition(
              column("ORDER BY", orderBy.stream().map(SortOrder::child).toList(), "the position"));
    }
    return request.columns(columns);
  }

  /** What a clause sets that an option sets too, or null. */
  AttentionOption alsoSetBy(List<AttentionOption> options) {
    boolean sequence = table.withSinglePartition() || !table.partitionByExpressions().isEmpty();
    if (sequence && options.contains(AttentionOption.SEQUENCE)) {
      return AttentionOption.SEQUENCE;
    }
    return !table.orderByExpressions().isEmpty() && options.contains(AttentionOption.POSITION)
        ? AttentionOption.POSITION
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
