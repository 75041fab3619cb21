package io.hla.spark.attend;

/** How tables without a usable order are sorted. */
public final class SortedTokens {
  /** Runs of a sorted table end at multiples of this position, whatever the partitioning. */
  public static final long CHUNK = 16384;

  private SortedTokens() {}
}
