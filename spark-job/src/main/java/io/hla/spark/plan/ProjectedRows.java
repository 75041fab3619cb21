package io.hla.spark.plan;

import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.types.StructType;

/** Rows of any kind as rows that Spark's operators take; a row is valid until the next one. */
public final class ProjectedRows implements Iterator<InternalRow> {
  private final Iterator<InternalRow> rows;
  private final UnsafeProjection projection;

  private ProjectedRows(Iterator<InternalRow> rows, StructType schema) {
    this.rows = rows;
    projection = UnsafeProjection.create(schema);
  }

  /** {@code schema} is that of the rows. */
  public static JavaRDD<InternalRow> of(JavaRDD<InternalRow> rows, StructType schema) {
    return rows.mapPartitions(it -> new ProjectedRows(it, schema), true);
  }

  @Override
  public boolean hasNext() {
    return rows.hasNext();
  }

  @Override
  public InternalRow next() {
    return projection.apply(rows.next());
  }
}
