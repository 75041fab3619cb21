package io.hla.spark.sql;

import io.hla.spark.RequestOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.plans.logical.FunctionSignature;
import org.apache.spark.sql.catalyst.plans.logical.InputParameter;
import org.apache.spark.sql.types.DataTypes;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What table functions of one kind take: a table, options, and a table of initial states.
 *
 * @param table name of the table
 * @param about what the table is
 * @param type of the options, required ones first
 */
record TableParameters<O extends Enum<O> & RequestOption<?>>(
    String table, String about, Class<O> type) {

  /** All of it, as Spark arranges arguments. Other lines of Spark may not have these classes. */
  FunctionSignature signature() {
    Option<Expression> absent = Option.apply(Literal.create(null, DataTypes.NullType));
    List<InputParameter> parameters = new ArrayList<>();
    parameters.add(new InputParameter(table, Option.empty()));
    for (O option : options()) {
      parameters.add(new InputParameter(option.key(), option.required() ? Option.empty() : absent));
    }
    parameters.add(new InputParameter("initial_state", absent));
    return new FunctionSignature(CollectionConverters.asScala(parameters).toSeq());
  }

  /** In the order of arguments without names, behind the table. */
  List<O> options() {
    return List.of(type.getEnumConstants());
  }

  /** A line for each, as DESCRIBE FUNCTION shows them. */
  String described() {
    List<String> lines = new ArrayList<>();
    lines.add(table + " - " + about);
    for (O option : options()) {
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
}
