package io.hla.spark.text;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.hla.spark.tokenizer.Tokenizer;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Rows that hold a text, or its ids: (text, [seq, [order]], kept columns).
 *
 * @param tokenizer null where the rows hold ids
 * @param schema of the rows, with the names that the user gave
 * @param hasSequence whether the rows name their sequence; else every row is one
 * @param hasOrder whether the rows of a sequence are joined, in the order of that column
 */
@DefaultSerializer(JavaSerializer.class)
record RowTexts(
    Broadcast<Tokenizer> tokenizer, StructType schema, boolean hasSequence, boolean hasOrder)
    implements Serializable {
  static final int TEXT = 0;
  static final int SEQUENCE = 1;
  static final int ORDER = 2;

  /** The kept columns. */
  List<StructField> kept() {
    int from = 1 + (hasSequence ? 1 : 0) + (hasOrder ? 1 : 0);
    return List.of(schema.fields()).subList(from, schema.length());
  }

  /** The ids of a row's text, for one task. */
  TextSource source() {
    StructField field = schema.apply(TEXT);
    return tokenizer == null
        ? new IdArrays(field.name(), ((ArrayType) field.dataType()).elementType())
        : new EncodedTexts(field.name(), field.dataType(), tokenizer.value());
  }

  /** The rows of the ids, for one task. */
  IdRow rows() {
    List<BoundReference> kept = new ArrayList<>();
    for (int i = schema.length() - kept().size(); i < schema.length(); i++) {
      kept.add(reference(i));
    }
    return hasSequence ? IdRow.ofColumns(reference(SEQUENCE), kept) : IdRow.ofNumbers(kept);
  }

  /** The columns (seq, order) of a row. */
  UnsafeProjection keys() {
    List<Expression> columns = List.of(reference(SEQUENCE), reference(ORDER));
    return UnsafeProjection.create(CollectionConverters.asScala(columns).toSeq());
  }

  /** What the user calls the sequence column. */
  String sequenceName() {
    return schema.apply(SEQUENCE).name();
  }

  /** What messages call a row's text. */
  String place(InternalRow row, long number) {
    return hasSequence
        ? "sequence " + row.get(SEQUENCE, schema.apply(SEQUENCE).dataType())
        : "row " + number;
  }

  /** What plans call it. */
  String describe() {
    String tokens = tokenizer == null ? "ids" : tokenizer.value().name();
    String sequences = hasSequence ? " by " + sequenceName() : ", every row a sequence";
    String order = hasOrder ? " in the order of " + schema.apply(ORDER).name() : "";
    return tokens + " of " + schema.apply(TEXT).name() + sequences + order;
  }

  private BoundReference reference(int ordinal) {
    StructField field = schema.apply(ordinal);
    return new BoundReference(ordinal, field.dataType(), field.nullable());
  }
}
