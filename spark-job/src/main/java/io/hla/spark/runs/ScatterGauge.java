package io.hla.spark.runs;

import io.hla.spark.table.SequenceKey;
import org.apache.datasketches.hll.HllSketch;
import org.apache.datasketches.hll.TgtHllType;

/**
 * Tells how far the tokens of sequences are scattered: how many runs there are beyond one for each
 * sequence. Sequences are counted by a sketch of constant size, within some percent.
 */
final class ScatterGauge {
  private static final int SKETCH_LOG_SIZE = 10;
  private static final long FIRST_LOOK = 1 << 16;

  private final double mostSplitsPerToken;
  private final HllSketch sequences = new HllSketch(SKETCH_LOG_SIZE, TgtHllType.HLL_8);
  private long runs;
  private long nextLook = FIRST_LOOK;
  private boolean givesUp;

  /**
   * @param mostSplitsPerToken further runs a token beyond which sorting costs less; infinite where
   *     nothing is sorted in any case
   */
  ScatterGauge(double mostSplitsPerToken) {
    this.mostSplitsPerToken = mostSplitsPerToken;
  }

  /** A run of a sequence begins, behind {@code tokens} of the partition. */
  void add(SequenceKey sequence, long tokens) {
    sequences.update(31L * sequence.hashCode() + 17);
    runs++;
    if (runs == nextLook) {
      nextLook *= 2;
      givesUp |= splits(runs, sequences.getEstimate()) > mostSplitsPerToken * tokens;
    }
  }

  /** Whether so many runs came that sorting costs less than to list and scan them. */
  boolean givesUp() {
    return givesUp;
  }

  byte[] sketch() {
    return sequences.toCompactByteArray();
  }

  /** Runs beyond one for each sequence, at least: the estimate may be too small. */
  static double splits(long runs, double sequences) {
    return Math.max(0, runs - 1.1 * sequences);
  }
}
