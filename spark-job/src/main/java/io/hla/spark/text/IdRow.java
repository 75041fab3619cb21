package io.hla.spark.text;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The rows (seq, pos, id, kept columns) of one text after the other: what all tokens of a text have
 * in common is written once, position and id are then set in place.
 */
final class IdRow {
  static final int SEQUENCE = 0;
  static final int POSITION = 1;
  static final int ID = 2;

  private final UnsafeProjection projection;
  private UnsafeRow row;

  private IdRow(Expression sequence, List<? extends Expression> kept) {
    List<Expression> columns = new ArrayList<>();
    columns.add(sequence);
    columns.add(Literal.create(0L, DataTypes.LongType));
    columns.add(Literal.create(0, DataTypes.IntegerType));
    columns.addAll(kept);
    projection = UnsafeProjection.create(CollectionConverters.asScala(columns).toSeq());
  }

  /** Rows whose sequence is a string, without kept columns. */
  static IdRow ofFiles() {
    return new IdRow(new BoundReference(0, DataTypes.StringType, false), List.of());
  }

  /** Rows whose sequence is a column of the text's row. */
  static IdRow ofColumns(BoundReference sequence, List<BoundReference> kept) {
    return new IdRow(sequence, kept);
  }

  /** Rows whose sequence is a number. */
  static IdRow ofNumbers(List<BoundReference> kept) {
    return new IdRow(Literal.create(0L, DataTypes.LongType), kept);
  }

  void begin(UTF8String sequence) {
    row = projection.apply(new GenericInternalRow(new Object[] {sequence}));
  }

  void begin(InternalRow text) {
    row = projection.apply(text);
  }

  void begin(InternalRow text, long number) {
    row = projection.apply(text);
    row.setLong(SEQUENCE, number);
  }

  /** The row of a token; valid until the next one. */
  UnsafeRow of(long position, int id) {
    row.setLong(POSITION, position);
    row.setInt(ID, id);
    return row;
  }
}
