package io.hla.spark.sql;

import io.hla.spark.InputException;
import io.hla.spark.RequestOption;
import io.hla.spark.internals.SparkLine;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.EvalMode;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.FunctionTableSubqueryArgumentExpression;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.IntegralType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The arguments of a table function: a table, options by name, and a table of initial states. Names
 * are checked by Spark, with its own errors.
 *
 * @param <O> the options that there are
 */
final class TableArguments<O extends Enum<O> & RequestOption<?>> {
  private final String function;
  private final TableArgument table;
  private final TableArgument initialState;
  private final Map<O, Object> options;

  /**
   * Reads what a call was given.
   *
   * @throws InputException HLA_OPTION_TYPE for a value of another type or one that is no constant,
   *     HLA_OPTION_CONFLICT for a column that is named twice
   */
  TableArguments(String function, TableParameters<O> parameters, Seq<Expression> given) {
    this.function = function;
    List<Expression> arguments =
        new ArrayList<>(
            CollectionConverters.asJava(
                SparkLine.rearranged(parameters.signature(), given, function)));
    table = table(parameters.table(), arguments.get(0));
    Expression states = arguments.get(arguments.size() - 1);
    initialState = isNull(states) ? null : table("initial_state", states);
    if (initialState != null && initialState.hasClauses()) {
      throw new InputException(
          "HLA_TABLE_CLAUSE", function + ": initial_state takes no PARTITION BY or ORDER BY");
    }
    options = new EnumMap<>(parameters.type());
    Set<String> named = new HashSet<>();
    int at = 1;
    for (O option : parameters.options()) {
      Expression argument = arguments.get(at++);
      if (!isNull(argument)) {
        options.put(option, value(option, argument));
        named.add(option.key());
      }
    }
    String twice = table.alsoSetBy(named);
    if (twice != null) {
      throw new InputException(
          "HLA_OPTION_CONFLICT",
          function + ": " + twice + " is named by an argument and by a clause of the table");
    }
  }

  TableArgument table() {
    return table;
  }

  /** Null for none. */
  TableArgument initialState() {
    return initialState;
  }

  /** Those that were given, as {@link RequestOption#set} takes them. */
  Map<O, Object> options() {
    return options;
  }

  private static boolean isNull(Expression argument) {
    return argument.dataType() instanceof NullType;
  }

  private TableArgument table(String name, Expression argument) {
    if (argument instanceof FunctionTableSubqueryArgumentExpression table) {
      return new TableArgument(function, table);
    }
    throw refused(name, argument, "a table, as in TABLE(" + name + ")");
  }

  private Object value(RequestOption<?> option, Expression argument) {
    DataType type = option.type();
    if (type instanceof ArrayType array) {
      boolean one = !(argument.dataType() instanceof ArrayType);
      DataType element =
          one ? argument.dataType() : ((ArrayType) argument.dataType()).elementType();
      if (!fits(element, array.elementType())) {
        throw refused(option.key(), argument, words(type));
      }
      return one
          ? inArray(array.elementType(), evaluate(option, argument, array.elementType()))
          : elements(option, argument, (ArrayData) evaluate(option, argument, type));
    }
    if (!fits(argument.dataType(), type)) {
      throw refused(option.key(), argument, words(type));
    }
    Object value = evaluate(option, argument, type);
    return type instanceof StringType ? value.toString() : value;
  }

  /** Whether values of a type can be taken for another without loss of meaning. */
  private static boolean fits(DataType from, DataType to) {
    if (to instanceof IntegralType) {
      return from instanceof IntegralType;
    }
    if (to.equals(DataTypes.DoubleType)) {
      return from instanceof NumericType;
    }
    return to instanceof StringType ? from instanceof StringType : from.equals(to);
  }

  private static String words(DataType type) {
    return "a constant of type " + type.simpleString();
  }

  private Object evaluate(RequestOption<?> option, Expression argument, DataType type) {
    if (!argument.foldable()) {
      throw refused(option.key(), argument, words(type));
    }
    Option<String> zone = Option.apply(SQLConf.get().sessionLocalTimeZone());
    Object value = new Cast(argument, type, zone, EvalMode.ANSI()).eval(null);
    if (value == null) {
      throw refused(option.key(), argument, words(type));
    }
    return value;
  }

  private static Object inArray(DataType element, Object value) {
    return element instanceof StringType
        ? new String[] {value.toString()}
        : new double[] {(Double) value};
  }

  private Object elements(RequestOption<?> option, Expression argument, ArrayData array) {
    for (int i = 0; i < array.numElements(); i++) {
      if (array.isNullAt(i)) {
        throw refused(option.key(), argument, "an array without nulls");
      }
    }
    if (((ArrayType) option.type()).elementType() instanceof StringType) {
      String[] names = new String[array.numElements()];
      for (int i = 0; i < names.length; i++) {
        names[i] = array.getUTF8String(i).toString();
      }
      return names;
    }
    return array.toDoubleArray();
  }

  private InputException refused(String name, Expression argument, String expected) {
    String found =
        argument instanceof FunctionTableSubqueryArgumentExpression
            ? "a table"
            : argument.sql() + " (" + argument.dataType().simpleString() + ")";
    return new InputException(
        "HLA_OPTION_TYPE",
        String.format(Locale.ROOT, "%s: %s is %s, expected %s", function, name, found, expected));
  }
}
