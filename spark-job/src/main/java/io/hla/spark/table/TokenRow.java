package io.hla.spark.table;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Element;
import io.hla.spark.GateScale;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * How a token table's rows are laid out: pos, q, k, v, then seq if there is one, then the gates if
 * there are any, then the kept columns; and of which type the outputs are.
 *
 * @param names the user's names of q, k, v and, if there is one, the gate column
 * @param isDouble for each of these: whether elements are double (else float)
 * @param gateScale what the numbers of the gate column are
 * @param sequenceType type of the sequence column, or null when there is none
 * @param sequenceName the user's name of it
 * @param positionName the user's name of the position column
 * @param keptTypes types of the kept columns
 * @param output the type of the outputs
 */
public record TokenRow(
    List<String> names,
    List<Boolean> isDouble,
    GateScale gateScale,
    DataType sequenceType,
    String sequenceName,
    String positionName,
    List<DataType> keptTypes,
    Element output)
    implements Serializable {
  /** Where the position stands. */
  public static final int POSITION = 0;

  /** Where q stands; k and v stand behind it. */
  public static final int QUERY = 1;

  /** Where the sequence stands if there is one. */
  public static final int SEQUENCE = 4;

  /** The columns of numbers by their places in {@link #names}. */
  private static final int GATE = 3;

  /** {@code schema} is that of the selected columns. */
  static TokenRow of(
      StructType schema, TokenColumns columns, StructField sequence, Element output) {
    TokenRow layout =
        new TokenRow(
            columns.numbers(),
            List.of(),
            columns.gateScale(),
            sequence == null ? null : sequence.dataType(),
            columns.sequence(),
            columns.position(),
            List.of(),
            output);
    List<Boolean> isDouble = new ArrayList<>();
    for (int column = 0; column < layout.names.size(); column++) {
      ArrayType type = (ArrayType) schema.fields()[layout.ordinal(column)].dataType();
      isDouble.add(type.elementType().equals(DataTypes.DoubleType));
    }
    return new TokenRow(
        layout.names,
        isDouble,
        layout.gateScale,
        layout.sequenceType,
        layout.sequenceName,
        layout.positionName,
        Arrays.stream(schema.fields()).skip(layout.firstKept()).map(StructField::dataType).toList(),
        output);
  }

  /** The head sizes that the lengths of q, k and v in a first row tell. */
  public HeadSizes sizes(int[] lengths, int numHeads, int numKvHeads) {
    return HeadSizes.of(names, lengths, numHeads, numKvHeads);
  }

  /** Where a column of {@link #names} stands. */
  public int ordinal(int column) {
    return column < GATE ? QUERY + column : SEQUENCE + (sequenceType == null ? 0 : 1);
  }

  /** Whether tokens have gates. */
  public boolean isGated() {
    return names.size() > GATE;
  }

  /** Where the kept columns start. */
  public int firstKept() {
    return ordinal(GATE) + (isGated() ? 1 : 0);
  }

  /** What q, k and v are computed from: floats unless a column and the arithmetic are double. */
  public Element input(AttentionSettings settings) {
    return settings.precision().isDouble() && isDouble.subList(0, GATE).contains(true)
        ? Element.DOUBLE
        : Element.FLOAT;
  }

  /** Bytes of a token's numbers as they are stored. */
  public long tokenBytes(AttentionSettings settings) {
    int[] widths = {
      settings.queryWidth(), settings.keyWidth(), settings.valueWidth(), settings.gateWidth()
    };
    long bytes = 0;
    for (int column = 0; column < names.size(); column++) {
      bytes += widths[column] * (isDouble.get(column) ? 8L : 4L);
    }
    return bytes;
  }

  /** Bytes of a token's outputs before any codec, with its position. */
  public long outputBytes(AttentionSettings settings) {
    return Long.BYTES + (long) settings.outputWidth() * output.bytes();
  }

  /**
   * Copies the numbers of q, k or v as a job with these settings takes them, or gates.
   *
   * @param column of {@link #names}
   * @param to as many numbers as the row has
   */
  public void copy(InternalRow row, int column, AttentionSettings settings, double[] to) {
    ArrayData array = row.getArray(ordinal(column));
    boolean rounded = column < GATE && !settings.precision().isDouble();
    for (int i = 0; i < to.length; i++) {
      double number = isDouble.get(column) ? array.getDouble(i) : array.getFloat(i);
      to[i] = column == GATE ? gateScale.gate(number) : rounded ? (float) number : number;
    }
  }
}
