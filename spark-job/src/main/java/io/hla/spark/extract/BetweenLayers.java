package io.hla.spark.extract;

import java.util.Locale;

/** Where hidden vectors come from that the passes of a layer read. */
public enum BetweenLayers {
  /** Whichever costs less; kept no further than their bytes are allowed. */
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
