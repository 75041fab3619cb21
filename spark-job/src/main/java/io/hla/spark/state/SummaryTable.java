package io.hla.spark.state;

import io.hla.algebra.Summary;
import io.hla.spark.scan.TreeItem;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * A table of summaries, one row per run: {@code seq} (absent when the token table has none), {@code
 * start_pos} bigint, {@code next_pos} bigint, the position behind the run, {@code settings} string
 * for people, and {@code summary} binary, the bytes of {@link Summary#toBytes}.
 */
public final class SummaryTable {
  private SummaryTable() {}

  /** The schema of summaries of sequences of a type, or of one sequence (null). */
  public static StructType schema(DataType sequenceType) {
    StructType schema = new StructType();
    if (sequenceType != null) {
      schema = schema.add("seq", sequenceType, false);
    }
    return schema
        .add("start_pos", DataTypes.LongType, false)
        .add("next_pos", DataTypes.LongType, false)
        .add("settings", DataTypes.StringType, false)
        .add("summary", DataTypes.BinaryType, false);
  }

  /** The row of an item that carries the end of its run. */
  public static InternalRow row(DataType sequenceType, TreeItem item) {
    SequenceState end = SequenceState.unpack(item.tail());
    Summary summary = Summary.fromBytes(item.summary());
    List<Object> values = new ArrayList<>();
    if (sequenceType != null) {
      values.add(end.sequence().value());
    }
    values.add(end.nextPosition() - summary.tokens());
    values.add(end.nextPosition());
    values.add(UTF8String.fromString(summary.settings().describe().toString()));
    values.add(item.summary());
    return new GenericInternalRow(values.toArray());
  }
}
