package io.hla.spark.table;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * How a token table's rows are laid out: pos, q, k, v, then seq if there is one, then the kept
 * columns.
 *
 * @param names the user's names of q, k, v
 * @param isDouble for q, k, v: whether elements are double (else float)
 * @param sequenceType type of the sequence column, or null when there is none
 * @param sequenceName the user's name of it
 * @param positionName the user's name of the position column
 * @param keptTypes types of the kept columns
 */
public record TokenRow(
    List<String> names,
    List<Boolean> isDouble,
    DataType sequenceType,
    String sequenceName,
    String positionName,
    List<DataType> keptTypes)
    implements Serializable {
  /** Where the position stands. */
  public static final int POSITION = 0;

  /** Where q stands; k and v stand behind it. */
  public static final int QUERY = 1;

  /** Where the sequence stands if there is one. */
  public static final int SEQUENCE = 4;

  static TokenRow of(StructType schema, TokenColumns columns, StructField sequence) {
    int fixed = sequence == null ? 4 : 5;
    List<Boolean> isDouble =
        Arrays.stream(schema.fields(), QUERY, QUERY + 3)
            .map(f -> ((ArrayType) f.dataType()).elementType().equals(DataTypes.DoubleType))
            .toList();
    return new TokenRow(
        List.of(columns.query(), columns.key(), columns.value()),
        isDouble,
        sequence == null ? null : sequence.dataType(),
        columns.sequence(),
        columns.position(),
        Arrays.stream(schema.fields()).skip(fixed).map(StructField::dataType).toList());
  }

  /** The head sizes that the lengths of q, k and v in a first row tell. */
  public HeadSizes sizes(int[] lengths, int numHeads, int numKvHeads) {
    return HeadSizes.of(names, lengths, numHeads, numKvHeads);
  }

  /** Where the kept columns start. */
  public int firstKept() {
    return sequenceType == null ? 4 : 5;
  }
}
