package io.hla.spark.extract;

import io.hla.spark.InputException;
import io.hla.spark.extract.Features.Kind;
import io.hla.spark.table.IdSelection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The columns of tables of features. */
final class FeatureSchema {
  private FeatureSchema() {}

  /**
   * Those of a request.
   *
   * @throws InputException HLA_OUTPUT_COLUMN if a name comes twice
   */
  static StructType of(FeatureExtractor request, IdSelection selection) {
    return distinct(columns(request, selection, false));
  }

  /**
   * The same, with a last column that says why a row has no features; these may be null then.
   *
   * @throws InputException HLA_OUTPUT_COLUMN if a name comes twice
   */
  static StructType withErrors(FeatureExtractor request, IdSelection selection, String error) {
    return distinct(columns(request, selection, true).add(error, DataTypes.StringType, true));
  }

  private static StructType columns(
      FeatureExtractor request, IdSelection selection, boolean nullable) {
    StructType schema = new StructType();
    if (selection.sequenceType() != null) {
      schema = schema.add(request.columns().sequence(), selection.sequenceType(), false);
    }
    schema = schema.add(request.columns().position(), DataTypes.LongType, false);
    if (!request.pooling().isNone()) {
      schema = schema.add("tokens", DataTypes.LongType, false);
    }
    if (request.features().kind() != Kind.NONE) {
      schema = schema.add(request.outputColumn(), request.dtype().column(), nullable);
    }
    if (request.scored()) {
      schema = schema.add(FeatureExtractor.SCORE, DataTypes.DoubleType, true);
    }
    for (StructField field : selection.kept().fields()) {
      schema = schema.add(field);
    }
    return schema;
  }

  private static StructType distinct(StructType schema) {
    List<String> seen = new ArrayList<>();
    for (String name : schema.fieldNames()) {
      if (seen.contains(name.toLowerCase(Locale.ROOT))) {
        throw new InputException(
            "HLA_OUTPUT_COLUMN",
            String.format(
                Locale.ROOT,
                "the output would have columns %s, expected %s once",
                Arrays.toString(schema.fieldNames()),
                name));
      }
      seen.add(name.toLowerCase(Locale.ROOT));
    }
    return schema;
  }
}
