package io.hla.spark.runs;

import io.hla.spark.table.SequenceKey;
import java.io.Serializable;

/**
 * A stretch of consecutive positions of one sequence, stored in this order within one partition.
 * Rows of other sequences may stand between them.
 *
 * @param partition index of the partition
 * @param sequence whose tokens these are
 * @param start first position
 * @param length tokens, at least 1
 */
public record Run(int partition, SequenceKey sequence, long start, long length)
    implements Serializable {

  /** The position behind the last token. */
  public long end() {
    return start + length;
  }
}
