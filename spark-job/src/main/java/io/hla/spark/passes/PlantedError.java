package io.hla.spark.passes;

/** What is made wrong on purpose when runs are computed again, to see it noticed. */
public enum PlantedError {
  NONE,

  /** One output in the middle of every run is off by a little more than rounding may take it. */
  OUTPUT,

  /** The job computes every run as if nothing stood in front of it. */
  STATE
}
