package io.hla.spark.extract;

import java.util.Locale;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** What the vectors of an output table hold. */
public enum VectorType {
  /** array&lt;float&gt;. */
  FLOAT,
  /** array&lt;double&gt;. */
  DOUBLE,
  /** binary: IEEE 754 binary16, two bytes a number, the lower one first. */
  HALF;

  /** The type of a column of vectors. */
  public DataType column() {
    return switch (this) {
      case FLOAT -> DataTypes.createArrayType(DataTypes.FloatType, false);
      case DOUBLE -> DataTypes.createArrayType(DataTypes.DoubleType, false);
      case HALF -> DataTypes.BinaryType;
    };
  }

  /** The lower-case name that options use. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
