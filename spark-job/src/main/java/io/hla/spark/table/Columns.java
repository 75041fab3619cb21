package io.hla.spark.table;

import static org.apache.spark.sql.functions.col;

import org.apache.spark.sql.Column;

/** Columns of tables by their names. */
public final class Columns {
  private Columns() {}

  /** The column of that name, whatever characters it has; dots do not reach into structs. */
  public static Column named(String name) {
    return col("`" + name.replace("`", "``") + "`");
  }
}
