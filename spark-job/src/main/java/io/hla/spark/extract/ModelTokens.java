package io.hla.spark.extract;

import io.hla.spark.attend.TokenSource;
import java.util.function.UnaryOperator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;

/** The tokens of the first layer, made of rows of ids. Remembers which of them they are made of. */
final class ModelTokens implements TokenSource {
  private final TokenSource ids;
  private final UnaryOperator<JavaRDD<InternalRow>> toHidden;
  private final UnaryOperator<JavaRDD<InternalRow>> toTokens;
  private final DataType sequenceType;
  private JavaRDD<InternalRow> hidden;

  /**
   * @param ids rows (pos, id, [seq], kept columns)
   * @param sequenceType type of seq, or null when there is none
   * @param toHidden makes rows of hidden vectors of them
   * @param toTokens makes tokens of these
   */
  ModelTokens(
      TokenSource ids,
      DataType sequenceType,
      UnaryOperator<JavaRDD<InternalRow>> toHidden,
      UnaryOperator<JavaRDD<InternalRow>> toTokens) {
    this.ids = ids;
    this.sequenceType = sequenceType;
    this.toHidden = toHidden;
    this.toTokens = toTokens;
  }

  /** The embeddings of the tokens that were asked for last. */
  JavaRDD<InternalRow> hidden() {
    return hidden;
  }

  private JavaRDD<InternalRow> tokens(JavaRDD<InternalRow> rows) {
    hidden = toHidden.apply(rows);
    return toTokens.apply(hidden);
  }

  @Override
  public JavaRDD<InternalRow> rows() {
    return tokens(ids.rows());
  }

  /** Rows (pos, [seq]) cost no model: where the ids have none, they are cut out of theirs. */
  @Override
  public JavaRDD<InternalRow> positions() {
    JavaRDD<InternalRow> narrow = ids.positions();
    DataType type = sequenceType;
    return narrow == null
        ? ids.rows().mapPartitions(rows -> new IdPositions(rows, type), true)
        : narrow;
  }

  @Override
  public boolean isOfFiles() {
    return ids.isOfFiles();
  }

  @Override
  public String instability() {
    return ids.instability();
  }

  @Override
  public JavaRDD<InternalRow> materialized() {
    return tokens(ids.materialized());
  }

  @Override
  public JavaRDD<InternalRow> sorted(long chunk) {
    return tokens(ids.sorted(chunk));
  }
}
