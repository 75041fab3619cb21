package io.hla.spark.sql;

import io.hla.spark.Attention;
import io.hla.spark.AttentionOption;
import io.hla.spark.InputException;
import io.hla.spark.RequestOption;
import io.hla.spark.attend.JobParts;
import io.hla.spark.extract.ExtractionOption;
import io.hla.spark.extract.ExtractionPlan;
import io.hla.spark.extract.FeatureExtractor;
import io.hla.spark.plan.AttentionPlan;
import io.hla.spark.plan.AttentionTable;
import io.hla.spark.table.IdColumns;
import io.hla.spark.table.TokenColumns;
import java.util.List;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.classic.SparkSession;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;

/**
 * Functions of a table that give a table:
 *
 * <pre>
 *   SELECT * FROM hla_attention(
 *     TABLE(tokens) PARTITION BY seq ORDER BY pos, num_heads =&gt; 8, decay =&gt; 0.999)
 *
 *   SELECT * FROM hla_features(TABLE(ids) PARTITION BY seq ORDER BY pos, model =&gt; 'models/tiny')
 * </pre>
 *
 * Arguments are those of {@link AttentionOption} or {@link ExtractionOption}, and {@code
 * initial_state}, a table of states. PARTITION BY names the sequence column, ORDER BY the position;
 * WITH SINGLE PARTITION says that the table is one sequence. Rows are neither shuffled nor sorted
 * for these clauses.
 */
final class TableFunctions {
  private static final TableParameters<AttentionOption> ATTENTION =
      new TableParameters<>("tokens", "the token table", AttentionOption.class);
  private static final TableParameters<ExtractionOption> EXTRACTION =
      new TableParameters<>("ids", "the table of token ids", ExtractionOption.class);

  private TableFunctions() {}

  /** The functions as {@code injectTableFunction} takes them. */
  static List<Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, LogicalPlan>>>
      all() {
    return List.of(
        attention(
            "hla_attention",
            AttentionTable.OUTPUTS,
            "higher-order linear attention over a token table: (sequence, position, o, kept"
                + " columns), a row a token"),
        attention(
            "hla_final_states",
            AttentionTable.FINAL_STATES,
            "the state behind every sequence: (seq, next_pos, tokens, settings, state)"),
        attention(
            "hla_prefix_states",
            AttentionTable.PREFIXES,
            "the state in front of every run of consecutive positions: (seq, next_pos, tokens,"
                + " settings, state)"),
        attention(
            "hla_summaries",
            AttentionTable.SUMMARIES,
            "the summary of every run of consecutive positions: (seq, start_pos, next_pos,"
                + " settings, summary)"),
        extraction(
            "hla_features",
            AttentionTable.OUTPUTS,
            "features of a decoder over a table of token ids: (sequence, position, tokens if"
                + " pooled, features, log_probability if scored, kept columns), a row a token or"
                + " a pooled group"),
        extraction(
            "hla_feature_states",
            AttentionTable.FINAL_STATES,
            "the states of all layers of a decoder behind every sequence: (seq, next_pos, tokens,"
                + " settings, state, layer, model)"));
  }

  private static Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, LogicalPlan>>
      attention(String name, AttentionTable table, String gives) {
    return function(
        name,
        ATTENTION,
        gives,
        "num_heads => 8, decay => 0.999",
        (session, arguments) -> attention(session, arguments, table));
  }

  private static Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, LogicalPlan>>
      extraction(String name, AttentionTable table, String gives) {
    return function(
        name,
        EXTRACTION,
        gives,
        "model => 'models/tiny'",
        (session, arguments) -> extraction(session, arguments, table));
  }

  private interface Planner<O extends Enum<O> & RequestOption<?>> {
    LogicalPlan plan(SparkSession session, TableArguments<O> arguments);
  }

  private static <O extends Enum<O> & RequestOption<?>>
      Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, LogicalPlan>> function(
          String name,
          TableParameters<O> parameters,
          String gives,
          String example,
          Planner<O> planner) {
    Function1<Seq<Expression>, LogicalPlan> builder =
        given -> named(planner, new TableArguments<>(name, parameters, given));
    String table = "TABLE(" + parameters.table() + ")";
    return new Tuple3<>(
        new FunctionIdentifier(name),
        Functions.info(
            name,
            name + "(" + table + " [PARTITION BY seq ORDER BY pos], ...) - gives " + gives + ".",
            parameters.described(),
            "SELECT * FROM " + name + "(" + table + ", " + example + ");",
            "table_funcs"),
        builder);
  }

  /** Refusals by names that Spark hands on. */
  private static <O extends Enum<O> & RequestOption<?>> LogicalPlan named(
      Planner<O> planner, TableArguments<O> arguments) {
    return InputException.named(() -> planner.plan(SparkSession.active(), arguments));
  }

  private static LogicalPlan attention(
      SparkSession session, TableArguments<AttentionOption> arguments, AttentionTable table) {
    Attention request = AttentionOption.request(arguments.options());
    TableArgument tokens = arguments.table();
    TokenColumns columns = request.columns();
    if (tokens.isOneSequence()) {
      columns = columns.withoutSequence();
    }
    if (tokens.sequence() != null) {
      columns = columns.withSequence(tokens.sequence());
    }
    if (tokens.position() != null) {
      columns = columns.withPosition(tokens.position());
    }
    request =
        request
            .columns(columns)
            .compute(request.compute().configured(session.sparkContext().getConf()));
    return new AttentionPlan(
            table == AttentionTable.FINAL_STATES ? request.withFinalStates() : request,
            session,
            tokens.plan(),
            plan(arguments.initialState()),
            JobParts.SOUND)
        .node(table);
  }

  private static LogicalPlan extraction(
      SparkSession session, TableArguments<ExtractionOption> arguments, AttentionTable table) {
    FeatureExtractor request = ExtractionOption.request(arguments.options());
    TableArgument ids = arguments.table();
    IdColumns columns = request.columns();
    if (ids.isOneSequence()) {
      columns = columns.withoutSequence();
    }
    if (ids.sequence() != null) {
      columns = columns.withSequence(ids.sequence());
    }
    if (ids.position() != null) {
      columns = columns.withPosition(ids.position());
    }
    request =
        request
            .columns(columns)
            .compute(request.compute().configured(session.sparkContext().getConf()));
    return new ExtractionPlan(
            table == AttentionTable.FINAL_STATES ? request.withFinalStates() : request,
            session,
            ids.plan(),
            plan(arguments.initialState()))
        .node(table);
  }

  private static LogicalPlan plan(TableArgument states) {
    return states == null ? null : states.plan();
  }
}
