package io.hla.spark.extract;

import java.util.Locale;

/** Where hidden vectors come from that the passes of a layer read. */
public enum BetweenLayers {
  /**
   * Kept as far as their bytes are allowed, which costs less: a vector of D numbers is written and
   * read in the time of some 10 D multiply-adds, and the products that make it are 16 D x D or so
   * in every layer below.
   */
  AUTO,
  /** Kept on the disks of executors. */
  KEEP,
  /** Computed again from the ids and the states of the layers below. */
  RECOMPUTE;

  /** The lower-case name that options use. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
