package io.hla.spark.sql;

import io.hla.spark.Attention;
import io.hla.spark.AttentionOption;
import io.hla.spark.InputException;
import io.hla.spark.attend.JobParts;
import io.hla.spark.plan.AttentionPlan;
import io.hla.spark.plan.AttentionTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.classic.SparkSession;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;

/**
 * Functions of a token table that give a table:
 *
 * <pre>
 *   SELECT * FROM hla_attention(
 *     TABLE(tokens) PARTITION BY seq ORDER BY pos, num_heads =&gt; 8, decay =&gt; 0.999)
 * </pre>
 *
 * Arguments are those of {@link AttentionOption}, and {@code initial_state}, a table of states.
 * PARTITION BY names the sequence column, ORDER BY the position; WITH SINGLE PARTITION says that
 * the table is one sequence. Rows are neither shuffled nor sorted for these clauses.
 */
final class TableFunctions {
  private TableFunctions() {}

  /** The functions as {@code injectTableFunction} takes them. */
  static List<Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, LogicalPlan>>>
      all() {
    return List.of(
        function(
            "hla_attention",
            AttentionTable.OUTPUTS,
            "higher-order linear attention over a token table: (sequence, position, o, kept"
                + " columns), a row a token"),
        function(
            "hla_final_states",
            AttentionTable.FINAL_STATES,
            "the state behind every sequence: (seq, next_pos, tokens, settings, state)"),
        function(
            "hla_prefix_states",
            AttentionTable.PREFIXES,
            "the state in front of every run of consecutive positions: (seq, next_pos, tokens,"
                + " settings, state)"),
        function(
            "hla_summaries",
            AttentionTable.SUMMARIES,
            "the summary of every run of consecutive positions: (seq, start_pos, next_pos,"
                + " settings, summary)"));
  }

  private static Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, LogicalPlan>>
      function(String name, AttentionTable table, String gives) {
    Function1<Seq<Expression>, LogicalPlan> builder =
        arguments -> InputException.named(() -> plan(new TableArguments(name, arguments), table));
    return new Tuple3<>(
        new FunctionIdentifier(name),
        Functions.info(
            name,
            name + "(TABLE(tokens) [PARTITION BY seq ORDER BY pos], ...) - gives " + gives + ".",
            options(),
            "SELECT * FROM " + name + "(TABLE(tokens), num_heads => 8, decay => 0.999);",
            "table_funcs"),
        builder);
  }

  private static String options() {
    List<String> lines = new ArrayList<>();
    lines.add("tokens - the token table");
    for (AttentionOption option : AttentionOption.values()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s %s - %s",
              option.key(),
              option.type().simpleString(),
              option.description()));
    }
    lines.add("initial_state - a table of states that sequences go on from");
    return String.join("\n", lines);
  }

  private static LogicalPlan plan(TableArguments arguments, AttentionTable table) {
    SparkSession session = SparkSession.active();
    Attention request = arguments.tokens().name(AttentionOption.request(arguments.options()));
    request = request.compute(request.compute().configured(session.sparkContext().getConf()));
    TableArgument states = arguments.initialState();
    return new AttentionPlan(
            table == AttentionTable.FINAL_STATES ? request.withFinalStates() : request,
            session,
            arguments.tokens().plan(),
            states == null ? null : states.plan(),
            JobParts.SOUND)
        .node(table);
  }
}
