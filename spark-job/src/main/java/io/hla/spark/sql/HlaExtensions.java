package io.hla.spark.sql;

import io.hla.spark.internals.RunningSpark;
import io.hla.spark.plan.AttentionStrategy;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.SparkSessionExtensionsProvider;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry$;
import org.apache.spark.sql.catalyst.analysis.SimpleFunctionRegistry;
import org.apache.spark.sql.catalyst.analysis.SimpleTableFunctionRegistry;
import org.apache.spark.sql.catalyst.analysis.TableFunctionRegistry$;
import org.apache.spark.sql.catalyst.expressions.Expression;
import scala.Function1;
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
    SimpleTableFunctionRegistry tables = TableFunctionRegistry$.MODULE$.builtin();
    TableFunctions.all()
        .forEach(f -> tables.internalRegisterFunction(f._1(), f._2(), checked(f._3())));
    SimpleFunctionRegistry scalars = FunctionRegistry$.MODULE$.builtin();
    StateFunctions.all()
        .forEach(f -> scalars.internalRegisterFunction(f._1(), f._2(), checked(f._3())));
  }

  /** Spark drops what an extension throws, so that the refusal has to come from the functions. */
  private static <T> Function1<Seq<Expression>, T> checked(Function1<Seq<Expression>, T> function) {
    return arguments -> {
      RunningSpark.check();
      return function.apply(arguments);
    };
  }
}
