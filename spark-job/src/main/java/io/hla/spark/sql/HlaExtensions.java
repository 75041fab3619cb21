package io.hla.spark.sql;

import io.hla.spark.plan.AttentionStrategy;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.SparkSessionExtensionsProvider;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry$;
import org.apache.spark.sql.catalyst.analysis.SimpleFunctionRegistry;
import org.apache.spark.sql.catalyst.analysis.SimpleTableFunctionRegistry;
import org.apache.spark.sql.catalyst.analysis.TableFunctionRegistry$;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Makes the functions known to a session. Spark finds this class by its service file wherever the
 * jar is on the class path of the driver, {@code --jars} and {@code --packages} included; {@code
 * spark.sql.extensions} may name it as well.
 */
public final class HlaExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit>
    implements SparkSessionExtensionsProvider {

  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    extensions.injectPlannerStrategy(session -> new AttentionStrategy());
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
        .forEach(
            function -> {
              // Those of an earlier session of this JVM, which Spark would warn of.
              tables.dropFunction(function._1());
              tables.internalRegisterFunction(function._1(), function._2(), function._3());
            });
    SimpleFunctionRegistry scalars = FunctionRegistry$.MODULE$.builtin();
    StateFunctions.all()
        .forEach(
            function -> {
              scalars.dropFunction(function._1());
              scalars.internalRegisterFunction(function._1(), function._2(), function._3());
            });
  }
}
