package io.hla.spark.extract;

import io.hla.spark.extract.Features.Kind;
import java.io.Serializable;

/**
 * The columns that a token gets.
 *
 * @param features which vectors, if any
 * @param scored whether the log probability of the next token is among them
 * @param dtype of the vectors
 * @param l2 whether they are divided by their norms
 */
record FeatureColumns(Features features, boolean scored, VectorType dtype, boolean l2)
    implements Serializable {

  static FeatureColumns of(FeatureExtractor request) {
    return new FeatureColumns(request.features(), request.scored(), request.dtype(), request.l2());
  }

  /** Columns of an output row. */
  int count(HiddenLayout layout) {
    return (layout.sequenceType() == null ? 1 : 2)
        + (features.kind() == Kind.NONE ? 0 : 1)
        + (scored ? 1 : 0)
        + layout.keptTypes().size();
  }
}
