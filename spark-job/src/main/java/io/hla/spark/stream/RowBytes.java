package io.hla.spark.stream;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.CreateStruct;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GetStructField;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.catalyst.expressions.objects.Invoke;
import org.apache.spark.sql.classic.ExpressionUtils$;
import org.apache.spark.sql.types.AbstractDataType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Rows of a schema as binary values: the bytes of Spark's own unsafe rows. A stateful processor is
 * given its rows as objects; as bytes they come and go in one copy, where every number of a vector
 * would become an object. Methods are called by generated code.
 */
public final class RowBytes implements Serializable {
  private static final long serialVersionUID = 1L;

  private final StructType schema;
  private transient UnsafeProjection projection;

  /** Of rows of a schema. */
  public RowBytes(StructType schema) {
    this.schema = schema;
  }

  /** The schema of the rows. */
  public StructType schema() {
    return schema;
  }

  /** The bytes of a row. */
  public byte[] pack(InternalRow row) {
    if (projection == null) {
      projection = UnsafeProjection.create(schema);
    }
    return projection.apply(row).copy().getBytes();
  }

  /** The row that bytes are; it lies in them. */
  public InternalRow unpack(byte[] bytes) {
    UnsafeRow row = new UnsafeRow(schema.length());
    row.pointTo(bytes, bytes.length);
    return row;
  }

  /** The rows one after the other; bytes that were read are forgotten. */
  public Iterator<InternalRow> unpackEach(List<byte[]> rows) {
    return new Iterator<>() {
      private int read;

      @Override
      public boolean hasNext() {
        return read < rows.size();
      }

      @Override
      public InternalRow next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return unpack(rows.set(read++, null));
      }
    };
  }

  /** The one key of rows without a sequence. */
  public long only(byte[] bytes) {
    return 0;
  }

  /** A table of one column of bytes, a row for each row of a table with this schema. */
  Dataset<Row> packed(Dataset<Row> table, String name) {
    List<Expression> columns = new ArrayList<>();
    for (Attribute column :
        CollectionConverters.asJava(
            ((org.apache.spark.sql.classic.Dataset<Row>) table)
                .queryExecution()
                .analyzed()
                .output())) {
      columns.add(column);
    }
    Expression row = CreateStruct.apply(CollectionConverters.asScala(columns).toSeq());
    return table.select(column(call("pack", DataTypes.BinaryType, row)).as(name));
  }

  /** A column of rows from one of bytes. */
  Column unpacked(Column bytes) {
    return column(unpack(bytes));
  }

  /** One field of the rows in a column of bytes. */
  Column field(Column bytes, int ordinal) {
    return column(new GetStructField(unpack(bytes), ordinal, Option.empty()));
  }

  /** The key of all rows in a column of bytes, for rows without a sequence. */
  Column only(Column bytes) {
    return column(call("only", DataTypes.LongType, expression(bytes)));
  }

  private Expression unpack(Column bytes) {
    return call("unpack", schema, expression(bytes));
  }

  private Expression call(String method, DataType type, Expression argument) {
    return call(this, method, type, argument);
  }

  /** Calls a method of a serializable object on a value that is not null. */
  public static Expression call(Object target, String method, DataType type, Expression argument) {
    Seq<AbstractDataType> anyTypes =
        CollectionConverters.asScala(List.<AbstractDataType>of()).toSeq();
    return new Invoke(
        Literal.fromObject(target),
        method,
        type,
        CollectionConverters.asScala(List.of(argument)).toSeq(),
        anyTypes,
        true,
        false,
        true);
  }

  /** What a column is to Spark. */
  public static Expression expression(Column column) {
    return ExpressionUtils$.MODULE$.expression(column);
  }

  /** The column of an expression. */
  public static Column column(Expression expression) {
    return ExpressionUtils$.MODULE$.column(expression);
  }
}
