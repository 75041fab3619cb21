package io.hla.spark.attend;

import io.hla.spark.runs.RunIndex;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Tokens and where their runs lie.
 *
 * @param rows as all passes behind the index read them
 * @param index of these rows
 * @param occupied the partitions that have to be read
 * @param sorted whether they are sorted by sequence and position
 */
public record IndexedTokens(
    JavaRDD<InternalRow> rows, RunIndex index, OccupiedPartitions occupied, boolean sorted) {

  /** Other rows for the same tokens: in the same partitions, those of a sequence in this order. */
  public IndexedTokens with(JavaRDD<InternalRow> others) {
    return new IndexedTokens(others, index, occupied, sorted);
  }
}
