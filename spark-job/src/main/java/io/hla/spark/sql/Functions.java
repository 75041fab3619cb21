package io.hla.spark.sql;

import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;

/** What DESCRIBE FUNCTION shows. */
final class Functions {
  private Functions() {}

  /**
   * @param usage one line
   * @param arguments a line each
   * @param example a statement
   * @param group one of Spark's groups of functions
   */
  static ExpressionInfo info(
      String name, String usage, String arguments, String example, String group) {
    return new ExpressionInfo(
        HlaExtensions.class.getName(),
        null,
        name,
        usage,
        "\n    Arguments:\n"
            + arguments.lines().map(line -> "      * " + line + "\n").collect(Collectors.joining())
            + "  ",
        "\n    Examples:\n      > " + example + "\n  ",
        "",
        group,
        "",
        "",
        "java_udf");
  }
}
