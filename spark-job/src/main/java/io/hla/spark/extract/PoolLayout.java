package io.hla.spark.extract;

import java.io.Serializable;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Rows of parts of groups: [seq], the group's first position, the part's first position, tokens,
 * the vector of doubles, the sum and the number of log probabilities, then the kept columns of the
 * part's first token.
 *
 * @param hidden the rows that are pooled
 * @param columns what a token has
 * @param pooling of what
 * @param width of the vectors, 0 for none
 */
record PoolLayout(HiddenLayout hidden, FeatureColumns columns, Pooling pooling, int width)
    implements Serializable {
  static final String SEQUENCE = "seq";
  static final String GROUP = "group";
  static final String FIRST = "first";

  /** The columns of a token's row, as {@link FeatureRows} makes it for pooling. */
  FeatureColumns ofTokens() {
    return new FeatureColumns(columns.features(), columns.scored(), VectorType.DOUBLE, false);
  }

  boolean sequenced() {
    return hidden.sequenceType() != null;
  }

  /** Where the group stands; the columns behind it follow. */
  int group() {
    return sequenced() ? 1 : 0;
  }

  /** The schema of parts. */
  StructType parts() {
    StructType schema = new StructType();
    if (sequenced()) {
      schema = schema.add(SEQUENCE, hidden.sequenceType(), false);
    }
    schema =
        schema
            .add(GROUP, DataTypes.LongType, false)
            .add(FIRST, DataTypes.LongType, false)
            .add("tokens", DataTypes.LongType, false)
            .add("vector", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
            .add("score", DataTypes.DoubleType, false)
            .add("scored", DataTypes.LongType, false);
    int kept = 0;
    for (DataType type : hidden.keptTypes()) {
      schema = schema.add("keep" + kept++, type, true);
    }
    return schema;
  }
}
