package io.hla.spark.extract;

import io.hla.kernels.Element;
import io.hla.spark.GateScale;
import io.hla.spark.table.IdSelection;
import io.hla.spark.table.TokenRow;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;

/**
 * How rows of hidden vectors are laid out between layers: pos, the hidden vector, the token's id,
 * the id of the token behind it (null where it is not known), then seq if there is one, then the
 * kept columns. Position and sequence stand where those of a {@link TokenRow} stand.
 *
 * @param sequenceType type of the sequence column, or null when there is none
 * @param sequenceName the user's name of it
 * @param positionName the user's name of the position column
 * @param keptTypes types of the kept columns
 * @param element of the hidden vectors
 */
record HiddenLayout(
    DataType sequenceType,
    String sequenceName,
    String positionName,
    List<DataType> keptTypes,
    Element element)
    implements Serializable {
  static final int POSITION = TokenRow.POSITION;
  static final int HIDDEN = 1;
  static final int ID = 2;
  static final int NEXT = 3;
  static final int SEQUENCE = TokenRow.SEQUENCE;

  /** The layout for a request over selected columns. */
  static HiddenLayout of(FeatureExtractor request, IdSelection selection) {
    return new HiddenLayout(
        selection.sequenceType(),
        request.columns().sequence(),
        request.columns().position(),
        Arrays.stream(selection.kept().fields()).map(StructField::dataType).toList(),
        request.precision().isDouble() ? Element.DOUBLE : Element.FLOAT);
  }

  /** Where the kept columns start. */
  int firstKept() {
    return SEQUENCE + (sequenceType == null ? 0 : 1);
  }

  int columns() {
    return firstKept() + keptTypes.size();
  }

  /** The type of vectors. */
  ArrayType vectorType() {
    return DataTypes.createArrayType(
        element == Element.DOUBLE ? DataTypes.DoubleType : DataTypes.FloatType, false);
  }

  /** The types of all columns. */
  List<DataType> types() {
    List<DataType> types =
        new ArrayList<>(
            List.of(
                DataTypes.LongType, vectorType(), DataTypes.IntegerType, DataTypes.IntegerType));
    if (sequenceType != null) {
      types.add(sequenceType);
    }
    types.addAll(keptTypes);
    return types;
  }

  /**
   * The tokens of a layer's attention: q, k and v, gates if there are any, and as kept columns the
   * hidden vector, the id and the user's kept columns.
   */
  TokenRow tokens(boolean gated) {
    boolean isDouble = element == Element.DOUBLE;
    List<String> names = new ArrayList<>(List.of("q", "k", "v"));
    List<Boolean> doubles = new ArrayList<>(List.of(isDouble, isDouble, isDouble));
    if (gated) {
      names.add("gate");
      doubles.add(true);
    }
    List<DataType> kept = new ArrayList<>(List.of(vectorType(), DataTypes.IntegerType));
    kept.addAll(keptTypes);
    return new TokenRow(
        names, doubles, GateScale.LOG, sequenceType, sequenceName, positionName, kept, element);
  }

  /** What finds the runs of rows of hidden vectors: it looks at position and sequence alone. */
  TokenRow places() {
    return tokens(false);
  }
}
