package io.hla.spark;

/** How the order of the stored rows is treated. */
public enum InputOrder {
  /** As stored, unless the table has so many runs that sorting it costs less. */
  AUTO,
  /** As stored. */
  STORED,
  /** Sorted by sequence and position first. */
  SORT
}
