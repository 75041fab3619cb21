package io.hla.spark.input;

import java.io.Serializable;
import java.util.Arrays;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The value of the sequence column, of any atomic type, as Spark holds it inside. Keys of one table
 * have one type; they are ordered by value, so that reports and scans do not depend on arrival.
 */
public final class SequenceKey implements Serializable, Comparable<SequenceKey> {
  private static final long serialVersionUID = 1L;

  // A Java string is never a column's value inside Spark, so ONLY equals no other key.
  /** The key of a table without a sequence column: it holds one sequence. */
  public static final SequenceKey ONLY = new SequenceKey("");

  private final Object value;

  private SequenceKey(Object value) {
    this.value = value;
  }

  /** A key that stays valid when the row that {@code value} came from is used again. */
  public static SequenceKey of(Object value) {
    return new SequenceKey(value instanceof UTF8String text ? text.copy() : value);
  }

  /** A key that is valid as long as the row that {@code value} came from. */
  static SequenceKey view(Object value) {
    return new SequenceKey(value);
  }

  /** The key of an external row's value, as a collected table holds it. */
  public static SequenceKey ofExternal(Row row, int ordinal) {
    return of(CatalystTypeConverters.convertToCatalyst(row.get(ordinal)));
  }

  /** The value as Spark holds it inside rows. */
  public Object value() {
    return value;
  }

  /** The value as {@link Row} holds it. */
  public Object external(DataType type) {
    return CatalystTypeConverters.createToScalaConverter(type).apply(value);
  }

  /** Whether a row's value is this key. */
  boolean matches(Object other) {
    return value instanceof byte[] bytes
        ? other instanceof byte[] otherBytes && Arrays.equals(bytes, otherBytes)
        : value.equals(other);
  }

  @Override
  @SuppressWarnings("unchecked")
  public int compareTo(SequenceKey other) {
    return value instanceof byte[] bytes
        ? Arrays.compareUnsigned(bytes, (byte[]) other.value)
        : ((Comparable<Object>) value).compareTo(other.value);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SequenceKey key && matches(key.value);
  }

  @Override
  public int hashCode() {
    return value instanceof byte[] bytes ? Arrays.hashCode(bytes) : value.hashCode();
  }

  /** How messages and reports show the sequence: {@code sequence "s"}. */
  @Override
  public String toString() {
    if (equals(ONLY)) {
      return "the sequence";
    }
    return "sequence \""
        + (value instanceof byte[] bytes ? Arrays.toString(bytes) : value.toString())
        + "\"";
  }
}
