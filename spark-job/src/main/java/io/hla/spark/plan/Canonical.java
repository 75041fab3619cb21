package io.hla.spark.plan;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.ExprId;

/** Columns by their place alone. */
public final class Canonical {
  private Canonical() {}

  /** The same columns, named and numbered by their place. */
  public static List<Attribute> columns(List<Attribute> columns) {
    List<Attribute> canonical = new ArrayList<>();
    for (Attribute column : columns) {
      canonical.add(column.withName("none").withExprId(ExprId.apply(canonical.size())));
    }
    return canonical;
  }
}
