package io.hla.spark.sql;

import io.hla.spark.internals.RunningSpark;
import io.hla.spark.internals.SparkLine;
import io.hla.spark.plan.AttentionStrategy;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.SparkSessionExtensionsProvider;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry$;
import org.apache.spark.sql.catalyst.analysis.SimpleFunctionRegistryBase;
import org.apache.spark.sql.catalyst.analysis.TableFunctionRegistry$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Function1;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Makes the functions known to a session. Spark finds this class by its service file wherever the
 * jar is on the class path of the driver, {@code --jars} and {@code --packages} included; {@code
 * spark.sql.extensions} may name it as well. In a Spark of another line than the one that this
 * library is built for, every function refuses with HLA_SPARK_VERSION.
 */
public final class HlaExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit>
    implements SparkSessionExtensionsProvider {

  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    if (RunningSpark.isOfThisLine()) {
      extensions.injectPlannerStrategy(session -> new AttentionStrategy());
    }
    register();
    return BoxedUnit.UNIT;
  }

  /**
   * Among Spark's own functions, of which every session has a copy: those that a session's
   * extensions inject count as temporary, and no view of a catalog may use them.
   */
  private static synchronized void register() {
    TableFunctions.all()
        .forEach(f -> register(TableFunctionRegistry$.MODULE$.builtin(), f._1(), f._2(), f._3()));
    StateFunctions.all()
        .forEach(f -> register(FunctionRegistry$.MODULE$.builtin(), f._1(), f._2(), f._3()));
  }

  /** Spark drops what an extension throws, so that a refusal has to come from the functions. */
  private static <T> void register(
      SimpleFunctionRegistryBase<T> functions,
      FunctionIdentifier name,
      ExpressionInfo info,
      Function1<Seq<Expression>, T> builder) {
    if (RunningSpark.isOfThisLine()) {
      replace(functions, SparkLine.builtin(name.funcName()), info, builder);
      return;
    }
    Function1<Seq<Expression>, T> refusal =
        arguments -> {
          throw RunningSpark.refusal();
        };
    // As Spark names its own before 4.2, and as it does since.
    replace(functions, new FunctionIdentifier(name.funcName()), info, refusal);
    replace(
        functions,
        new FunctionIdentifier(name.funcName(), Option.apply("builtin"), Option.apply("system")),
        info,
        refusal);
  }

  private static <T> void replace(
      SimpleFunctionRegistryBase<T> functions,
      FunctionIdentifier name,
      ExpressionInfo info,
      Function1<Seq<Expression>, T> builder) {
    // That of an earlier session of this JVM, which Spark would warn of.
    functions.dropFunction(name);
    functions.internalRegisterFunction(name, info, builder);
  }
}
