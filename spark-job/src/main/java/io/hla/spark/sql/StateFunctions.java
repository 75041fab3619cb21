package io.hla.spark.sql;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.EvalMode;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.expressions.objects.StaticInvoke;
import org.apache.spark.sql.errors.QueryCompilationErrors;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.AbstractDataType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Function1;
import scala.Option;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Functions of the bytes of states and summaries, computed by {@link StateValues}. */
final class StateFunctions {
  /** What hla_state_info gives. */
  static final StructType INFO =
      new StructType()
          .add("kind", DataTypes.StringType, false)
          .add("tokens", DataTypes.LongType, false)
          .add(
              "settings",
              DataTypes.createMapType(DataTypes.StringType, DataTypes.StringType, false),
              false)
          .add("matrices", DataTypes.createArrayType(DataTypes.StringType, false), false)
          .add("bytes", DataTypes.LongType, false);

  /** What hla_state_merge takes an array of. */
  static final StructType SEGMENT =
      new StructType()
          .add("start", DataTypes.LongType)
          .add("next", DataTypes.LongType)
          .add("summary", DataTypes.BinaryType);

  private StateFunctions() {}

  /** The functions as {@code injectFunction} takes them. */
  static List<Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>>
      all() {
    return List.of(
        function(
            "hla_state_info",
            "info",
            INFO,
            List.of(DataTypes.BinaryType),
            true,
            "hla_state_info(bytes) - what the bytes of a state or summary say: its kind, tokens,"
                + " settings, matrices and size.",
            "bytes - a state or a summary",
            "SELECT seq, hla_state_info(state).tokens FROM states;"),
        function(
            "hla_state_merge",
            "merge",
            DataTypes.BinaryType,
            List.of(DataTypes.createArrayType(SEGMENT)),
            true,
            "hla_state_merge(segments) - the summary of neighbouring segments of one sequence, in"
                + " any order, combined in a tree that follows from their number alone.",
            "segments - array of (start, next, summary), which together leave no position out",
            "SELECT seq, hla_state_merge(collect_list(struct(start_pos, next_pos, summary))) FROM"
                + " summaries GROUP BY seq;"),
        function(
            "hla_state_advance",
            "advance",
            DataTypes.BinaryType,
            List.of(DataTypes.BinaryType, DataTypes.BinaryType),
            false,
            "hla_state_advance(state, summary) - the state behind a segment.",
            "state - the state in front of it, null where nothing stands in front\n"
                + "summary - of the segment",
            "SELECT hla_state_advance(state, summary) FROM states JOIN summaries USING (seq);"),
        function(
            "hla_version",
            "version",
            DataTypes.StringType,
            List.of(),
            true,
            "hla_version() - the version of this library.",
            "",
            "SELECT hla_version();"));
  }

  private static Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>
      function(
          String name,
          String method,
          DataType result,
          List<DataType> types,
          boolean nullIfNull,
          String usage,
          String arguments,
          String example) {
    Function1<Seq<Expression>, Expression> builder =
        given -> call(name, method, result, types, nullIfNull, given);
    return new Tuple3<>(
        new FunctionIdentifier(name),
        Functions.info(name, usage, arguments, example, "misc_funcs"),
        builder);
  }

  private static Expression call(
      String name,
      String method,
      DataType result,
      List<DataType> types,
      boolean nullIfNull,
      Seq<Expression> given) {
    if (given.size() != types.size()) {
      throw sneaky(
          QueryCompilationErrors.wrongNumArgsError(
              name,
              CollectionConverters.asScala(List.<Object>of(types.size())).toSeq(),
              given.size(),
              "",
              "",
              ""));
    }
    List<Expression> arguments = new ArrayList<>();
    List<AbstractDataType> expected = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      Expression argument = given.apply(i);
      // Spark would not cast structs whose fields have other names.
      boolean renamed =
          !argument.dataType().equals(types.get(i))
              && Cast.canAnsiCast(argument.dataType(), types.get(i))
              && !(types.get(i).equals(DataTypes.BinaryType));
      arguments.add(renamed ? cast(argument, types.get(i)) : argument);
      expected.add(types.get(i));
    }
    return new StaticInvoke(
        StateValues.class,
        result,
        method,
        CollectionConverters.asScala(arguments).toSeq(),
        CollectionConverters.asScala(expected).toSeq(),
        nullIfNull,
        true,
        true,
        Option.empty());
  }

  private static Cast cast(Expression argument, DataType type) {
    return new Cast(
        argument, type, Option.apply(SQLConf.get().sessionLocalTimeZone()), EvalMode.ANSI());
  }

  /** Spark's exceptions of analysis are checked ones, its builders declare none. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> RuntimeException sneaky(Throwable thrown) throws E {
    throw (E) thrown;
  }
}
