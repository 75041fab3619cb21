package io.hla.spark.table;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.catalyst.expressions.EvalMode;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Decimal;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Option;

/**
 * The value of the sequence column, of any atomic type, as Spark holds it inside. Keys of one table
 * have one type; they are ordered by value, so that reports and scans do not depend on arrival.
 */
public final class SequenceKey implements Serializable, Comparable<SequenceKey> {
  private static final long serialVersionUID = 1L;

  // A Java string is never a column's value inside Spark, so ONLY equals no other key.
  /** The key of a table without a sequence column: it holds one sequence. */
  public static final SequenceKey ONLY = new SequenceKey("");

  @SuppressWarnings("serial")
  private final Object value;

  private SequenceKey(Object value) {
    this.value = value;
  }

  /** A key that stays valid when the row that {@code value} came from is used again. */
  public static SequenceKey of(Object value) {
    return new SequenceKey(value instanceof UTF8String text ? text.copy() : value);
  }

  /** Writes the value behind a byte that tells its class. */
  public void write(DataOutput out) throws IOException {
    if (value instanceof UTF8String text) {
      out.writeByte(1);
      writeBytes(out, text.getBytes());
    } else if (value instanceof Long number) {
      out.writeByte(2);
      out.writeLong(number);
    } else if (value instanceof Integer number) {
      out.writeByte(3);
      out.writeInt(number);
    } else if (value instanceof byte[] bytes) {
      out.writeByte(4);
      writeBytes(out, bytes);
    } else if (value instanceof Short number) {
      out.writeByte(5);
      out.writeShort(number);
    } else if (value instanceof Byte number) {
      out.writeByte(6);
      out.writeByte(number);
    } else if (value instanceof Boolean bool) {
      out.writeByte(7);
      out.writeBoolean(bool);
    } else if (value instanceof Double number) {
      out.writeByte(8);
      out.writeDouble(number);
    } else if (value instanceof Float number) {
      out.writeByte(9);
      out.writeFloat(number);
    } else if (value instanceof Decimal decimal) {
      out.writeByte(10);
      out.writeInt(decimal.precision());
      out.writeInt(decimal.scale());
      writeBytes(out, decimal.toJavaBigDecimal().unscaledValue().toByteArray());
    } else if (value instanceof String) {
      out.writeByte(0);
    } else {
      throw new IllegalStateException("a sequence cannot be a " + value.getClass().getName());
    }
  }

  /** Reads what {@link #write} wrote. */
  public static SequenceKey read(DataInput in) throws IOException {
    int type = in.readByte();
    return switch (type) {
      case 0 -> ONLY;
      case 1 -> new SequenceKey(UTF8String.fromBytes(readBytes(in)));
      case 2 -> new SequenceKey(in.readLong());
      case 3 -> new SequenceKey(in.readInt());
      case 4 -> new SequenceKey(readBytes(in));
      case 5 -> new SequenceKey(in.readShort());
      case 6 -> new SequenceKey(in.readByte());
      case 7 -> new SequenceKey(in.readBoolean());
      case 8 -> new SequenceKey(in.readDouble());
      case 9 -> new SequenceKey(in.readFloat());
      case 10 -> {
        int precision = in.readInt();
        int scale = in.readInt();
        BigDecimal decimal = new BigDecimal(new BigInteger(readBytes(in)), scale);
        yield new SequenceKey(Decimal.apply(decimal, precision, scale));
      }
      default -> throw new IllegalStateException("no sequence is of type " + type);
    };
  }

  private static void writeBytes(DataOutput out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static byte[] readBytes(DataInput in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }

  /** A key that is valid as long as the row that {@code value} came from. */
  public static SequenceKey view(Object value) {
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

  /** Whether the sequence of a row, which is not null, is this key. */
  public boolean isIn(InternalRow row, int ordinal, DataType type) {
    // Asked at every row: what is no object in the row should not become one.
    if (value instanceof Long number) {
      return row.getLong(ordinal) == number;
    }
    if (value instanceof Integer number) {
      return row.getInt(ordinal) == number;
    }
    return matches(row.get(ordinal, type));
  }

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

  /**
   * How messages and reports show the sequence: {@code sequence "2024-02-29"}, with the value as
   * SQL writes it.
   *
   * @param type of the sequence column, or null when there is none
   */
  public String text(DataType type) {
    return type == null || equals(ONLY) ? "the sequence" : "sequence \"" + sql(type) + "\"";
  }

  private String sql(DataType type) {
    if (value instanceof byte[] bytes) {
      return "X'" + HexFormat.of().withUpperCase().formatHex(bytes) + "'";
    }
    if (value instanceof Decimal decimal) {
      return decimal.toJavaBigDecimal().toPlainString();
    }
    if (type instanceof StringType) {
      return value.toString();
    }
    // Times are shown where the session is.
    Option<String> zone = Option.apply(SQLConf.get().sessionLocalTimeZone());
    Cast text = new Cast(new Literal(value, type), DataTypes.StringType, zone, EvalMode.LEGACY());
    return String.valueOf(text.eval(InternalRow.empty()));
  }

  /** For debugging: the value as Spark holds it inside. {@link #text} is for people. */
  @Override
  public String toString() {
    return value instanceof byte[] bytes ? Arrays.toString(bytes) : value.toString();
  }
}
